// Package devserver owns a whole Habeas on one machine: PostgreSQL, Temporal, a mailbox and the sample company, with the same App as production
// inside. It must not be imported by the production program, nor hold what production lacks.
package devserver
