// Command habeas-dev runs the whole of Habeas on one machine, with PostgreSQL, Temporal, a mailbox and a sample company started for you. It must
// not be used with real data: its keys are new at each start and everybody on the machine can reach it.
package main
