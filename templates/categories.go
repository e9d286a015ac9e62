package templates

import "strings"

// categoryWords are words for the data categories (Fides taxonomy) that people see most.
var categoryWords = map[string]string{
	"user":                           "data about you",
	"user.name":                      "name",
	"user.contact":                   "contact details",
	"user.contact.email":             "e-mail address",
	"user.contact.phone_number":      "telephone number",
	"user.contact.address":           "postal address",
	"user.account":                   "account",
	"user.account.username":          "user name",
	"user.authorization":             "access rights",
	"user.authorization.password":    "password",
	"user.behavior":                  "behaviour",
	"user.behavior.purchase_history": "orders and goods",
	"user.behavior.browsing_history": "pages visited",
	"user.demographic":               "demographic data",
	"user.device":                    "devices",
	"user.device.ip_address":         "IP address",
	"user.financial":                 "payments and prices",
	"user.financial.bank_account":    "bank account",
	"user.government_id":             "identity numbers",
	"user.location":                  "location",
	"user.payment":                   "payment data",
	"user.unique_id":                 "customer and other numbers",
}

// CategoryWords says a data category in words; one that is not in the list is said by its parts.
func CategoryWords(code string) string {
	if words, ok := categoryWords[code]; ok {
		return words
	}
	return strings.NewReplacer(".", ", ", "_", " ").Replace(strings.TrimPrefix(code, "user."))
}

// CategoriesInWords says data categories in words, each once, in their order.
func CategoriesInWords(codes []string) []string {
	out := make([]string, 0, len(codes))
	seen := map[string]bool{}
	for _, code := range codes {
		words := CategoryWords(code)
		if !seen[words] {
			seen[words] = true
			out = append(out, words)
		}
	}
	return out
}
