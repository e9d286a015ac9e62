package store

// DueOrder is the order of the inbox, for the test that an index has it.
const DueOrder = dueOrder

// Rows are all row types, for the test that compares them with the migrated tables.
func Rows() []any {
	return []any{
		controllerRow{},
		accessKeyRow{},
		requestRow{},
		submissionRow{},
		verificationRow{},
		idempotencyRow{},
		decisionRow{},
		orderRow{},
		entryRow{},
		pendingRow{},
		chainRow{},
		checkpointRow{},
		receiptRow{},
		systemRow{},
		planRow{},
		recipientRow{},
		noticeRow{},
		mailRow{},
		messageRow{},
		packageRow{},
		packageCodeRow{},
		deferralRow{},
		suppressionRow{},
		scanRow{},
		breachRow{},
		breachEventRow{},
		breachCustomerRow{},
		breachMailRow{},
		breachLetterRow{},
		breachPersonRow{},
		taskRow{},
		requestFileRow{},
		delegationRow{},
		correctionRow{},
		restrictionRow{},
		breachKeyRow{},
		endpointRow{},
		deliveryRow{},
		openDSRRow{},
		openDSRCallbackRow{},
	}
}
