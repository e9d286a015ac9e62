package v1

import (
	"cmp"
	"context"

	"habeas/models"
	"habeas/models/store"
	"habeas/models/webhook"
)

// ListWebhooks lists the webhooks that the caller may see.
func (s *Server) ListWebhooks(ctx context.Context, in ListWebhooksRequestObject) (ListWebhooksResponseObject, error) {
	list, err := s.store.Endpoints(ctx, caller(ctx).Scope)
	if err != nil {
		return nil, err
	}
	list, next, err := pageOf(list, in.Params.Cursor, in.Params.Limit, func(e store.Endpoint) string { return e.ID.String() })
	if err != nil {
		return nil, err
	}
	names, err := s.controllerSlugs(ctx)
	if err != nil {
		return nil, err
	}
	out := WebhookList{Webhooks: make([]Webhook, len(list)), Next: next}
	for i, e := range list {
		out.Webhooks[i] = webhookOf(e, names)
	}
	return ListWebhooks200JSONResponse(out), nil
}

// GetWebhook is one webhook.
func (s *Server) GetWebhook(ctx context.Context, in GetWebhookRequestObject) (GetWebhookResponseObject, error) {
	id, err := models.ParseID(in.ID)
	if err != nil {
		return nil, err
	}
	out, err := s.webhook(ctx, id)
	return GetWebhook200JSONResponse(out), err
}

// CreateWebhook adds a webhook; its secret is in this answer and nowhere else.
func (s *Server) CreateWebhook(ctx context.Context, in CreateWebhookRequestObject) (CreateWebhookResponseObject, error) {
	by := caller(ctx)
	controller, err := s.controllerOf(ctx, by, in.Body.Controller)
	if err != nil {
		return nil, err
	}
	e := store.Endpoint{ControllerID: controller, URL: models.Personal(in.Body.URL)}
	for _, kind := range in.Body.Events {
		e.Events = append(e.Events, webhook.Kind(kind))
	}
	e, secret, err := s.store.AddEndpoint(ctx, by.Scope, by.Actor, e)
	if err != nil {
		return nil, err
	}
	names, err := s.controllerSlugs(ctx)
	return CreateWebhook201JSONResponse{Webhook: webhookOf(e, names), Secret: secret.Reveal()}, err
}

// RotateWebhook gives a webhook another secret.
func (s *Server) RotateWebhook(ctx context.Context, in RotateWebhookRequestObject) (RotateWebhookResponseObject, error) {
	id, err := models.ParseID(in.ID)
	if err != nil {
		return nil, err
	}
	secret, err := s.store.RotateEndpoint(ctx, caller(ctx).Scope, caller(ctx).Actor, id)
	if err != nil {
		return nil, err
	}
	out, err := s.webhook(ctx, id)
	return RotateWebhook200JSONResponse{Webhook: out, Secret: secret.Reveal()}, err
}

// SwitchWebhook turns a webhook on or off.
func (s *Server) SwitchWebhook(ctx context.Context, in SwitchWebhookRequestObject) (SwitchWebhookResponseObject, error) {
	id, err := models.ParseID(in.ID)
	if err != nil {
		return nil, err
	}
	if err := s.store.SwitchEndpoint(ctx, caller(ctx).Scope, caller(ctx).Actor, id, in.Body.Active); err != nil {
		return nil, err
	}
	out, err := s.webhook(ctx, id)
	return SwitchWebhook200JSONResponse(out), err
}

// TestWebhook sends a message of the kind webhook.test.
func (s *Server) TestWebhook(ctx context.Context, in TestWebhookRequestObject) (TestWebhookResponseObject, error) {
	id, err := models.ParseID(in.ID)
	if err != nil {
		return nil, err
	}
	return TestWebhook202Response{}, s.store.TestEndpoint(ctx, caller(ctx).Scope, id)
}

// ListMessages lists the messages to a webhook.
func (s *Server) ListMessages(ctx context.Context, in ListMessagesRequestObject) (ListMessagesResponseObject, error) {
	id, err := models.ParseID(in.ID)
	if err != nil {
		return nil, err
	}
	from, err := after(in.Params.Cursor)
	if err != nil {
		return nil, err
	}
	limit := cmp.Or(in.Params.Limit, usualPage)
	list, err := s.store.DeliveriesAfter(ctx, caller(ctx).Scope, id, from, limit+1)
	if err != nil {
		return nil, err
	}
	out := MessageList{Messages: []WebhookMessage{}}
	if len(list) > limit {
		list, out.Next = list[:limit], cursorAt(list[limit-1].ID.String())
	}
	for _, m := range list {
		one := WebhookMessage{
			ID: m.ID.String(), Event: string(m.Event), State: string(m.State), Attempts: m.Attempts, CreatedAt: m.CreatedAt, DeliveredAt: m.DeliveredAt,
			Code: m.Code, Status: m.Status,
		}
		if m.State == store.DeliveryWaiting {
			one.NextAt = m.NextAt
		}
		out.Messages = append(out.Messages, one)
	}
	return ListMessages200JSONResponse(out), nil
}

// ReplayMessage sends a message again.
func (s *Server) ReplayMessage(ctx context.Context, in ReplayMessageRequestObject) (ReplayMessageResponseObject, error) {
	id, err := models.ParseID(in.ID)
	if err != nil {
		return nil, err
	}
	message, err := models.ParseID(in.MessageID)
	if err != nil {
		return nil, err
	}
	if _, err := s.store.Endpoint(ctx, caller(ctx).Scope, id); err != nil {
		return nil, err
	}
	return ReplayMessage202Response{}, s.store.Replay(ctx, caller(ctx).Scope, caller(ctx).Actor, message)
}

func (s *Server) webhook(ctx context.Context, id models.ID) (Webhook, error) {
	e, err := s.store.Endpoint(ctx, caller(ctx).Scope, id)
	if err != nil {
		return Webhook{}, err
	}
	names, err := s.controllerSlugs(ctx)
	return webhookOf(e, names), err
}

func webhookOf(e store.Endpoint, names map[models.ID]string) Webhook {
	out := Webhook{
		ID: e.ID.String(), Controller: names[e.ControllerID], URL: e.URL.Reveal(), Active: e.Active, CreatedAt: e.CreatedAt, RotatedUntil: e.RotatedUntil, Events: []string{},
	}
	for _, kind := range e.Events {
		out.Events = append(out.Events, string(kind))
	}
	return out
}
