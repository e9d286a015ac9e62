package v1

import (
	"context"

	"habeas/models"
	"habeas/models/store"
)

// GetBreachLetter is the letter to the persons and how far it is, with persons in counts only.
func (s *Server) GetBreachLetter(ctx context.Context, in GetBreachLetterRequestObject) (GetBreachLetterResponseObject, error) {
	b, err := s.findBreach(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	out, err := s.letter(ctx, b.ID)
	if err != nil {
		return nil, err
	}
	counts, err := s.store.CountBreachPersons(ctx, b.ID)
	if err != nil {
		return nil, err
	}
	for _, state := range store.PersonStates() {
		if n := counts[state]; n > 0 {
			out.Persons = append(out.Persons, PersonCount{State: PersonCountState(state), Persons: n})
			out.Listed += n
		}
	}
	causes, err := s.store.UnreachedCauses(ctx, b.ID)
	if err != nil {
		return nil, err
	}
	for _, cause := range causes {
		out.Unreached = append(out.Unreached, CauseCount{Cause: cause.Key, Persons: cause.N})
	}
	return GetBreachLetter200JSONResponse(out), nil
}

func (s *Server) letter(ctx context.Context, breachID models.ID) (BreachLetter, error) {
	out := BreachLetter{State: "missing", Persons: []PersonCount{}, Unreached: []CauseCount{}}
	l, err := s.store.BreachLetter(ctx, breachID)
	switch {
	case models.CodeOf(err) == "not_found":
		return out, nil
	case err != nil:
		return out, err
	case !l.FinishedAt.IsZero():
		out.State = "finished"
	case !l.ApprovedAt.IsZero():
		out.State = "approved"
	default:
		out.State = "draft"
	}
	out.Subject, out.Body, out.Plain, out.PerMinute = l.Subject.Reveal(), l.Body.Reveal(), l.Plain, l.PerMinute
	out.DraftedAt, out.ApprovedAt, out.FinishedAt = l.DraftedAt.UTC(), l.ApprovedAt.UTC(), l.FinishedAt.UTC()
	return out, nil
}
