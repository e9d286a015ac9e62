// Package recipient owns what the register says of a recipient or subprocessor (GDPR Art. 28, 30, 44-49), the questionnaire by which one is
// vetted, and the register's files. It reads no clock and no database.
package recipient
