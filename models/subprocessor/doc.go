// Package subprocessor owns a change of subprocessors (GDPR Art. 28(2)): its record as a fold over events, who may note what and when, and until
// when each customer may object. It reads no clock and no database.
package subprocessor
