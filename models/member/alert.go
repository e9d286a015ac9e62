package member

import "time"

// Alert is what a person hears about the safety of their account by mail.
type Alert string

const (
	AlertNewPlace      Alert = "new_place"      // signed in with a browser or from a network that the account does not know
	AlertPassword      Alert = "password_set"   // another password
	AlertFactorAdded   Alert = "factor_added"   // fact "factor": totp or passkey
	AlertFactorRemoved Alert = "factor_removed" // likewise
	AlertFactorsReset  Alert = "factors_reset"  // by whoever manages accounts
	AlertCodesMade     Alert = "codes_made"     // recovery codes
	AlertRecoveryUsed  Alert = "recovery_used"  // fact "left": how many codes are left
	AlertRole          Alert = "role_changed"   // facts "from" and "to"
	AlertLocked        Alert = "locked"         // too many attempts; fact "kind": password or code
	AlertDeactivated   Alert = "deactivated"
	AlertOfficerKey    Alert = "officer_key"     // an access key that may do all that an officer may; fact "key": its identifier
	AlertCustomerKey   Alert = "customer_key"    // an access key that somebody else made for the customer; likewise
	AlertCustomerAdded Alert = "customer_member" // an account that somebody else made for the customer; fact "to": its role
)

// Alerts are all that there are.
func Alerts() []Alert {
	return []Alert{
		AlertNewPlace, AlertPassword, AlertFactorAdded, AlertFactorRemoved, AlertFactorsReset, AlertCodesMade, AlertRecoveryUsed, AlertRole, AlertLocked,
		AlertDeactivated, AlertOfficerKey, AlertCustomerKey, AlertCustomerAdded,
	}
}

// Pace is how many mails of a kind a person gets at once within a while; what happens beyond it is gathered in one mail at its end, so that nobody is
// flooded and nothing stays untold. What strangers can bring about comes more rarely than what the account's holder, or a thief, does.
func (a Alert) Pace() (mails int, within time.Duration) {
	if a == AlertLocked {
		return 1, 6 * time.Hour
	}
	return 3, time.Hour
}
