// Command habeas-bench measures intake and the start of workflows on a PostgreSQL and a Temporal that it starts itself, each beside the
// raw rate of the same server in the same run. It must not take a way that production lacks: what it lifts, it lifts by configuration.
package main
