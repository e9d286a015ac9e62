// Package inboxbench measures how fast the console answers when very many requests are open: the handler of production behind a TCP socket,
// on a PostgreSQL of its own with fsync. It fails when a page is over the limit of the acceptance, and it must not take a way that production lacks.
package inboxbench
