package activities

import "context"

// SignReceipt issues the signed receipt of a request or a deferral; one that was issued before stays.
func (a *Activities) SignReceipt(ctx context.Context, in Ending) error {
	_, err := a.deps.Store.IssueReceipt(ctx, in.RequestID, in.DeferralID, in.Outcome)
	return a.failure(ctx, err)
}
