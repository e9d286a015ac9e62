package rules

import (
	"errors"

	"habeas/models"
)

// Code is a stable error code of `habeas rules eval` with what it means.
type Code struct {
	Code    string
	Meaning string
}

// Codes lists every error code that an answer may hold; they do not change.
func Codes() []Code {
	return []Code{
		{"bad_json", "The line is not one JSON object in UTF-8."},
		{"line_too_long", "The line is longer than the limit of the command."},
		{"bad_value", "A field has a value of the wrong type or outside its scale."},
		{"unknown_kind", "The kind is not one that this command knows."},
		{"missing_field", "A field that the rule needs is missing."},
		{"unknown_field", "The input has a field that this kind does not understand."},
		{"duplicate_field", "The same fact is given twice."},
		{"not_applicable", "The field means nothing in this regime."},
		{"bad_date", "A date does not exist or is not written as YYYY-MM-DD."},
		{"bad_instant", "An instant is not written as in RFC 3339."},
		{"instant_without_zone", "An instant has no offset from UTC."},
		{"date_out_of_range", "A date is outside the years that can be computed."},
		{"year_not_covered", "Public holidays are not known for the year."},
		{"unknown_zone", "The time zone is not in the IANA database."},
		{"unknown_country", "The public holidays of the country are not known."},
		{"unknown_subdivision", "The country has no such subdivision."},
		{"unknown_regime", "The regime is not known for this kind."},
		{"not_in_force", "The regime was not in force on the day of receipt."},
		{"unknown_rule", "The retention rule is not in the catalogue."},
		{"question_before_request", "A question was asked before the request was received."},
		{"answer_before_question", "An answer is dated before its question."},
		{"extension_before_request", "An extension was notified before the request was received."},
		{"appeal_before_request", "An appeal is dated before the request."},
		{"told_before_aware", "The controller was told before its processor was aware."},
		{"notified_before_aware", "A notification is dated before the controller was aware."},
		{"bad_contract_hours", "The contract's hours are outside their range."},
		{"adjustment_without_reason", "A score was adjusted without a reason."},
		{"internal", "The command failed; this is a fault to report."},
	}
}

// Findings lists the codes of a result's findings: facts that changed the outcome without making the case unanswerable.
func Findings() []Code {
	return []Code{
		{"extension_after_due", "The person was told of the extension after the first month: it is not valid."},
		{"extension_without_reasons", "The person was not given the reasons for the extension: it is not valid."},
		{"pause_too_late", "A question was asked with undue delay or after the period: it does not pause the clock."},
		{"regime_not_in_force", "The facts lie outside the dates between which the regime is in force."},
	}
}

func fail(code, message string) *models.Error {
	return models.Errorf(models.Invalid, code, "%s", message)
}

func failAt(code, message, field string) *models.Error { return fail(code, message).At(field) }

// asError is err with a code; what has none becomes internal and its text stays out of the answer.
func asError(err error) *models.Error {
	if e, ok := errors.AsType[*models.Error](err); ok {
		return e
	}
	return fail("internal", "The case could not be computed.").Because(err)
}
