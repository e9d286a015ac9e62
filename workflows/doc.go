// Package workflows owns the life of requests, notices and deferrals as Temporal workflows: their names, payloads, options and the
// client that starts and updates them. It must not do I/O, read configuration or see personal data; activities do.
package workflows
