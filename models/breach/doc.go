// Package breach owns the 72-hour clock of a personal data breach, the completeness of its notifications and a severity score
// that helps the DPO. It must not read a clock, look up a time zone or decide whether anyone is notified: the DPO does.
package breach
