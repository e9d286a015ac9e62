// Package activities owns every I/O step of a workflow: it takes identifiers, loads secrets and personal data inside, and returns
// counts, enums and instants. It must not decide law (models do) or let personal data out through results, errors or logs.
package activities
