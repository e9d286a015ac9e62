package v1

import (
	"bytes"
	"context"
	"mime"

	"habeas/api/audit"
	"habeas/api/evidence"
	"habeas/models"
)

// GetEvidence is everything that proves what was done about a request, in one file.
func (s *Server) GetEvidence(ctx context.Context, in GetEvidenceRequestObject) (GetEvidenceResponseObject, error) {
	id, err := models.ParseID(in.ID)
	if err != nil {
		return nil, err
	}
	keys, err := s.Keys()
	if err != nil {
		return nil, err
	}
	file, err := evidence.Of(ctx, s.store, caller(ctx).Scope, id, keys, s.now())
	if err != nil {
		return nil, err
	}
	return GetEvidence200ApplicationZipResponse{
		Body: bytes.NewReader(file.Body), ContentLength: int64(len(file.Body)), Headers: GetEvidence200ResponseHeaders{ContentDisposition: attachment(file.Name)},
	}, nil
}

func attachment(name string) string {
	return mime.FormatMediaType("attachment", map[string]string{"filename": name})
}

// GetVerification is what the last verification of the ledger has found.
func (s *Server) GetVerification(context.Context, GetVerificationRequestObject) (GetVerificationResponseObject, error) {
	return GetVerification200JSONResponse(verification(s.Audit.Last())), nil
}

// VerifyLedger verifies the ledger, or tells how far another call's verification is.
func (s *Server) VerifyLedger(ctx context.Context, _ VerifyLedgerRequestObject) (VerifyLedgerResponseObject, error) {
	keys, err := s.Keys()
	if err != nil {
		return nil, err
	}
	s.Audit.Run(ctx, keys)
	return VerifyLedger200JSONResponse(verification(s.Audit.Last())), nil
}

func verification(r audit.Result) Verification {
	return Verification{
		State: string(r.State), BeganAt: r.BeganAt.UTC(), EndedAt: r.EndedAt.UTC(), Entries: r.Entries, Checkpoints: r.Checkpoints, Head: r.Head, Reason: r.Reason,
	}
}
