// Package webhook owns sending signed webhooks (Standard Webhooks, and the callbacks of OpenDSR) through a guarded HTTP client that never reaches an address inside the
// network unless it was allowed by name. It must not retry (workflows do) or read an answer's body as anything but a status.
package webhook
