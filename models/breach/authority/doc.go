// Package authority owns the register of supervisory authorities in the EU and EEA: who they are, where they are competent, and where a
// breach is notified. It must not decide which of them is competent in a case: it proposes, the DPO decides.
package authority
