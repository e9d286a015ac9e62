package deadline

import "habeas/models/calendar"

// Regimes lists the regimes whose limits are simple counts, in a fixed order.
func Regimes() []Regime {
	return []Regime{
		{
			Code: "US_CA_CCPA", Name: "California Consumer Privacy Act: requests to know, delete, correct", Jurisdiction: "US-CA",
			Citation:  "Cal. Civ. Code 1798.130(a)(2); 11 CCR 7021",
			ValidFrom: calendar.Date{Year: 2020, Month: 1, Day: 1}, Certainty: "medium",
			Note: "Verification does not stop the clock. The regulation says that the period begins on the day of receipt; counted here from the day after. A reading with the day of receipt as day one is a day shorter.",
			Terms: []Term{
				{Field: "acknowledge_by", From: "received_on", Count: 10, Unit: BusinessDays, Citation: "11 CCR 7021(a)"},
				{Field: "respond_by", From: "received_on", Count: 45, Unit: Days, Citation: "11 CCR 7021(b)"},
				{Field: "extended_by", From: "received_on", Count: 90, Unit: Days, Citation: "11 CCR 7021(b)"},
			},
		},
		{
			Code: "US_CA_CCPA_OPT_OUT", Name: "California Consumer Privacy Act: opt-out of sale or sharing", Jurisdiction: "US-CA",
			Citation:  "11 CCR 7026(f)",
			ValidFrom: calendar.Date{Year: 2020, Month: 1, Day: 1}, Certainty: "medium",
			Terms: []Term{
				{Field: "comply_by", From: "received_on", Count: 15, Unit: BusinessDays, Citation: "11 CCR 7026(f)"},
			},
		},
		{
			Code: "US_VA_VCDPA", Name: "Virginia Consumer Data Protection Act", Jurisdiction: "US-VA",
			Citation:  "Va. Code 59.1-577(B)",
			ValidFrom: calendar.Date{Year: 2023, Month: 1, Day: 1}, Certainty: "high",
			Terms: []Term{
				{Field: "respond_by", From: "received_on", Count: 45, Unit: Days, Citation: "Va. Code 59.1-577(B)"},
				{Field: "extended_by", From: "received_on", Count: 90, Unit: Days, Citation: "Va. Code 59.1-577(B)"},
				{Field: "appeal_decision_by", From: "appeal_received_on", Count: 60, Unit: Days, Citation: "Va. Code 59.1-577(C)"},
			},
		},
		{
			Code: "US_CO_CPA", Name: "Colorado Privacy Act", Jurisdiction: "US-CO",
			Citation:  "C.R.S. 6-1-1306(2)",
			ValidFrom: calendar.Date{Year: 2023, Month: 7, Day: 1}, Certainty: "high",
			Note: "An appeal may be extended by 60 days, 105 in all.",
			Terms: []Term{
				{Field: "respond_by", From: "received_on", Count: 45, Unit: Days, Citation: "C.R.S. 6-1-1306(2)"},
				{Field: "extended_by", From: "received_on", Count: 90, Unit: Days, Citation: "C.R.S. 6-1-1306(2)"},
				{Field: "appeal_decision_by", From: "appeal_received_on", Count: 45, Unit: Days, Citation: "C.R.S. 6-1-1306(3)"},
				{Field: "appeal_extended_by", From: "appeal_received_on", Count: 105, Unit: Days, Citation: "C.R.S. 6-1-1306(3)"},
			},
		},
		{
			Code: "US_CT_CTDPA", Name: "Connecticut Data Privacy Act", Jurisdiction: "US-CT",
			Citation:  "Conn. Gen. Stat. 42-518(c)",
			ValidFrom: calendar.Date{Year: 2023, Month: 7, Day: 1}, Certainty: "medium",
			Terms: []Term{
				{Field: "respond_by", From: "received_on", Count: 45, Unit: Days, Citation: "Conn. Gen. Stat. 42-518(c)"},
				{Field: "extended_by", From: "received_on", Count: 90, Unit: Days, Citation: "Conn. Gen. Stat. 42-518(c)"},
				{Field: "appeal_decision_by", From: "appeal_received_on", Count: 60, Unit: Days, Citation: "Conn. Gen. Stat. 42-518(d)"},
			},
		},
		{
			Code: "US_UT_UCPA", Name: "Utah Consumer Privacy Act", Jurisdiction: "US-UT",
			Citation:  "Utah Code 13-61-203",
			ValidFrom: calendar.Date{Year: 2023, Month: 12, Day: 31}, Certainty: "medium",
			Terms: []Term{
				{Field: "respond_by", From: "received_on", Count: 45, Unit: Days, Citation: "Utah Code 13-61-203"},
				{Field: "extended_by", From: "received_on", Count: 90, Unit: Days, Citation: "Utah Code 13-61-203"},
			},
		},
		{
			Code: "US_TX_TDPSA", Name: "Texas Data Privacy and Security Act", Jurisdiction: "US-TX",
			Citation:  "Tex. Bus. & Com. Code 541.052",
			ValidFrom: calendar.Date{Year: 2024, Month: 7, Day: 1}, Certainty: "medium",
			Terms: []Term{
				{Field: "respond_by", From: "received_on", Count: 45, Unit: Days, Citation: "Tex. Bus. & Com. Code 541.052"},
				{Field: "extended_by", From: "received_on", Count: 90, Unit: Days, Citation: "Tex. Bus. & Com. Code 541.052"},
				{Field: "appeal_decision_by", From: "appeal_received_on", Count: 60, Unit: Days, Citation: "Tex. Bus. & Com. Code 541.053"},
			},
		},
		{
			Code: "US_OR_OCPA", Name: "Oregon Consumer Privacy Act", Jurisdiction: "US-OR",
			Citation:  "ORS 646A.576",
			ValidFrom: calendar.Date{Year: 2024, Month: 7, Day: 1}, Certainty: "medium",
			Terms: []Term{
				{Field: "respond_by", From: "received_on", Count: 45, Unit: Days, Citation: "ORS 646A.576"},
				{Field: "extended_by", From: "received_on", Count: 90, Unit: Days, Citation: "ORS 646A.576"},
				{Field: "appeal_decision_by", From: "appeal_received_on", Count: 45, Unit: Days, Citation: "ORS 646A.576"},
			},
		},
		{
			Code: "US_MT_MCDPA", Name: "Montana Consumer Data Privacy Act", Jurisdiction: "US-MT",
			Citation:  "Mont. Code 30-14-2808",
			ValidFrom: calendar.Date{Year: 2024, Month: 10, Day: 1}, Certainty: "medium",
			Terms: []Term{
				{Field: "respond_by", From: "received_on", Count: 45, Unit: Days, Citation: "Mont. Code 30-14-2808"},
				{Field: "extended_by", From: "received_on", Count: 90, Unit: Days, Citation: "Mont. Code 30-14-2808"},
				{Field: "appeal_decision_by", From: "appeal_received_on", Count: 60, Unit: Days, Citation: "Mont. Code 30-14-2808"},
			},
		},
		{
			Code: "US_IA_ICDPA", Name: "Iowa Consumer Data Protection Act", Jurisdiction: "US-IA",
			Citation:  "Iowa Code 715D.3",
			ValidFrom: calendar.Date{Year: 2025, Month: 1, Day: 1}, Certainty: "medium",
			Terms: []Term{
				{Field: "respond_by", From: "received_on", Count: 90, Unit: Days, Citation: "Iowa Code 715D.3"},
				{Field: "extended_by", From: "received_on", Count: 135, Unit: Days, Citation: "Iowa Code 715D.3"},
				{Field: "appeal_decision_by", From: "appeal_received_on", Count: 60, Unit: Days, Citation: "Iowa Code 715D.3"},
			},
		},
		{
			Code: "US_DE_DPDPA", Name: "Delaware Personal Data Privacy Act", Jurisdiction: "US-DE",
			Citation:  "6 Del. C. 12D-104",
			ValidFrom: calendar.Date{Year: 2025, Month: 1, Day: 1}, Certainty: "medium",
			Terms: []Term{
				{Field: "respond_by", From: "received_on", Count: 45, Unit: Days, Citation: "6 Del. C. 12D-104"},
				{Field: "extended_by", From: "received_on", Count: 90, Unit: Days, Citation: "6 Del. C. 12D-104"},
				{Field: "appeal_decision_by", From: "appeal_received_on", Count: 60, Unit: Days, Citation: "6 Del. C. 12D-104"},
			},
		},
		{
			Code: "US_NJ_NJDPA", Name: "New Jersey Data Privacy Act", Jurisdiction: "US-NJ",
			Citation:  "N.J.S.A. 56:8-166.7",
			ValidFrom: calendar.Date{Year: 2025, Month: 1, Day: 15}, Certainty: "medium",
			Terms: []Term{
				{Field: "respond_by", From: "received_on", Count: 45, Unit: Days, Citation: "N.J.S.A. 56:8-166.7"},
				{Field: "extended_by", From: "received_on", Count: 90, Unit: Days, Citation: "N.J.S.A. 56:8-166.7"},
				{Field: "appeal_decision_by", From: "appeal_received_on", Count: 45, Unit: Days, Citation: "N.J.S.A. 56:8-166.7"},
			},
		},
		{
			Code: "US_TN_TIPA", Name: "Tennessee Information Protection Act", Jurisdiction: "US-TN",
			Citation:  "Tenn. Code 47-18-3304",
			ValidFrom: calendar.Date{Year: 2025, Month: 7, Day: 1}, Certainty: "medium",
			Terms: []Term{
				{Field: "respond_by", From: "received_on", Count: 45, Unit: Days, Citation: "Tenn. Code 47-18-3304"},
				{Field: "extended_by", From: "received_on", Count: 90, Unit: Days, Citation: "Tenn. Code 47-18-3304"},
				{Field: "appeal_decision_by", From: "appeal_received_on", Count: 60, Unit: Days, Citation: "Tenn. Code 47-18-3304"},
			},
		},
		{
			Code: "US_HIPAA", Name: "HIPAA right of access", Jurisdiction: "US",
			Citation:  "45 CFR 164.524(b)(2)",
			ValidFrom: calendar.Date{Year: 2013, Month: 9, Day: 23}, Certainty: "medium",
			Terms: []Term{
				{Field: "respond_by", From: "received_on", Count: 30, Unit: Days, Citation: "45 CFR 164.524(b)(2)"},
				{Field: "extended_by", From: "received_on", Count: 60, Unit: Days, Citation: "45 CFR 164.524(b)(2)"},
			},
		},
		{
			Code: "BR_LGPD", Name: "Brazil LGPD: complete statement", Jurisdiction: "BR",
			Citation:  "Lei 13.709/2018 Art. 19 II",
			ValidFrom: calendar.Date{Year: 2020, Month: 9, Day: 18}, Certainty: "high",
			Note: "The simplified answer is due at once (Art. 19 I).",
			Terms: []Term{
				{Field: "respond_by", From: "received_on", Count: 15, Unit: Days, Citation: "LGPD Art. 19 II"},
			},
		},
		{
			Code: "BR_LGPD_BREACH", Name: "Brazil LGPD: notice of an incident to ANPD and persons", Jurisdiction: "BR",
			Citation:  "Resolução CD/ANPD 15/2024 Arts. 6, 9",
			ValidFrom: calendar.Date{Year: 2024, Month: 4, Day: 26}, Certainty: "medium",
			Note: "Holidays come with the case.",
			Terms: []Term{
				{Field: "notify_by", From: "aware_on", Count: 3, Unit: BusinessDays, Citation: "Resolução CD/ANPD 15/2024 Art. 6"},
			},
		},
		{
			Code: "CH_FADP", Name: "Swiss Federal Act on Data Protection", Jurisdiction: "CH",
			Citation:  "FADP Art. 25(7); DPO Art. 18",
			ValidFrom: calendar.Date{Year: 2023, Month: 9, Day: 1}, Certainty: "high",
			Note: "Longer if the person is told within the 30 days and given the date (DPO Art. 18(2)).",
			Terms: []Term{
				{Field: "respond_by", From: "received_on", Count: 30, Unit: Days, Citation: "FADP Art. 25(7); DPO Art. 18(1)"},
			},
		},
		{
			Code: "CA_QC_LAW25", Name: "Québec, private sector (Law 25)", Jurisdiction: "CA-QC",
			Citation:  "CQLR c. P-39.1 s. 32",
			ValidFrom: calendar.Date{Year: 2023, Month: 9, Day: 22}, Certainty: "medium",
			Note: "No answer in time is a refusal.",
			Terms: []Term{
				{Field: "respond_by", From: "received_on", Count: 30, Unit: Days, Citation: "CQLR c. P-39.1 s. 32"},
			},
		},
		{
			Code: "CA_PIPEDA", Name: "Canada PIPEDA", Jurisdiction: "CA",
			Citation:  "S.C. 2000, c. 5, s. 8(3), 8(4)",
			ValidFrom: calendar.Date{Year: 2001, Month: 1, Day: 1}, Certainty: "medium",
			Note: "Extension by at most 30 days, told within the first 30.",
			Terms: []Term{
				{Field: "respond_by", From: "received_on", Count: 30, Unit: Days, Citation: "PIPEDA s. 8(3)"},
				{Field: "extended_by", From: "received_on", Count: 60, Unit: Days, Citation: "PIPEDA s. 8(4)"},
			},
		},
		{
			Code: "IN_DPDP", Name: "India DPDP Rules 2025", Jurisdiction: "IN",
			Citation:  "DPDP Rules 2025 r. 14(3)",
			ValidFrom: calendar.Date{Year: 2027, Month: 5, Day: 13}, Certainty: "medium",
			Note: "The published period may be shorter; 90 days is the most. In force 18 months after 13 November 2025.",
			Terms: []Term{
				{Field: "respond_by", From: "received_on", Count: 90, Unit: Days, Citation: "DPDP Rules 2025 r. 14(3)"},
			},
		},
		{
			Code: "UK_COMPLAINT_164A", Name: "United Kingdom: complaints to controllers", Jurisdiction: "GB",
			Citation:  "DPA 2018 s. 164A (Data (Use and Access) Act 2025 s. 103)",
			ValidFrom: calendar.Date{Year: 2026, Month: 6, Day: 19}, Certainty: "medium",
			Note: "30 days beginning when the complaint is received: the day of receipt is the first. Guidance that counts from the day after, and rolls over, is a day or more longer.",
			Terms: []Term{
				{Field: "acknowledge_by", From: "received_on", Inclusive: true, Count: 30, Unit: Days, Citation: "DPA 2018 s. 164A(3)"},
			},
		},
		{
			Code: "AU_APP12", Name: "Australia, Privacy Act: access", Jurisdiction: "AU",
			Citation:  "Privacy Act 1988 Sch. 1 APP 12.4",
			ValidFrom: calendar.Date{Year: 2014, Month: 3, Day: 12}, Certainty: "medium",
			Note: "Strict for agencies; organisations answer within a reasonable period, which the regulator reads as 30 days.",
			Terms: []Term{
				{Field: "respond_by", From: "received_on", Count: 30, Unit: Days, Citation: "APP 12.4(a)"},
			},
		},
		{
			Code: "NZ_PRIVACY_2020", Name: "New Zealand Privacy Act 2020", Jurisdiction: "NZ",
			Citation:  "Privacy Act 2020 s. 44",
			ValidFrom: calendar.Date{Year: 2020, Month: 12, Day: 1}, Certainty: "medium",
			Note: "Working days also leave out 25 December to 15 January: give them as holidays.",
			Terms: []Term{
				{Field: "respond_by", From: "received_on", Count: 20, Unit: BusinessDays, Citation: "Privacy Act 2020 s. 44(1)"},
			},
		},
		{
			Code: "SG_PDPA", Name: "Singapore PDPA", Jurisdiction: "SG",
			Citation:  "PDP Regulations 2021 reg. 5",
			ValidFrom: calendar.Date{Year: 2021, Month: 2, Day: 1}, Certainty: "medium",
			Note: "If it cannot be answered in 30 days, the person is told within them when it will be.",
			Terms: []Term{
				{Field: "respond_by", From: "received_on", Count: 30, Unit: Days, Citation: "PDP Regulations 2021 reg. 5"},
			},
		},
		{
			Code: "TR_KVKK", Name: "Türkiye KVKK", Jurisdiction: "TR",
			Citation:  "Law 6698 Art. 13(2)",
			ValidFrom: calendar.Date{Year: 2016, Month: 10, Day: 7}, Certainty: "medium",
			Terms: []Term{
				{Field: "respond_by", From: "received_on", Count: 30, Unit: Days, Citation: "Law 6698 Art. 13(2)"},
			},
		},
		{
			Code: "KR_PIPA", Name: "Republic of Korea PIPA", Jurisdiction: "KR",
			Citation:  "PIPA Enforcement Decree Art. 41(4), 43(3)",
			ValidFrom: calendar.Date{Year: 2011, Month: 9, Day: 30}, Certainty: "medium",
			Terms: []Term{
				{Field: "respond_by", From: "received_on", Count: 10, Unit: Days, Citation: "PIPA Enforcement Decree Art. 41(4), 43(3)"},
			},
		},
		{
			Code: "NIS2", Name: "Directive (EU) 2022/2555: significant incidents", Jurisdiction: "EU",
			Citation:  "Directive (EU) 2022/2555 Art. 23(4)",
			ValidFrom: calendar.Date{Year: 2024, Month: 10, Day: 18}, Certainty: "high",
			Note: "Trust service providers notify within 24 hours. Member States transpose; their roll-over rules are not applied here. Until the notification is made, the month is counted from its last instant.",
			Terms: []Term{
				{Field: "early_warning_by", From: "aware_at", Count: 24, Unit: Hours, Citation: "NIS2 Art. 23(4)(a)"},
				{Field: "notify_by", From: "aware_at", Count: 72, Unit: Hours, Citation: "NIS2 Art. 23(4)(b)"},
				{Field: "final_report_by", From: "notified_at", Else: "notify_by", Count: 1, Unit: Months, Citation: "NIS2 Art. 23(4)(d)"},
			},
		},
		{
			Code: "DORA", Name: "Regulation (EU) 2022/2554: major ICT-related incidents", Jurisdiction: "EU",
			Citation:  "Delegated Regulation (EU) 2025/301 Art. 5(1)",
			ValidFrom: calendar.Date{Year: 2025, Month: 3, Day: 12}, Certainty: "high",
			Note: "Weekend relief of Art. 5(3) is not applied. Until a report is sent, the next one is counted from its last instant.",
			Terms: []Term{
				{Field: "initial_notification_by", From: "classified_at", Count: 4, Unit: Hours, Citation: "Del. Reg. 2025/301 Art. 5(1)(a)"},
				{Field: "initial_notification_by", From: "aware_at", Count: 24, Unit: Hours, Citation: "Del. Reg. 2025/301 Art. 5(1)(a)"},
				{Field: "intermediate_report_by", From: "initial_notified_at", Else: "initial_notification_by", Count: 72, Unit: Hours, Citation: "Del. Reg. 2025/301 Art. 5(1)(b)"},
				{Field: "final_report_by", From: "intermediate_reported_at", Else: "intermediate_report_by", Count: 1, Unit: Months, Citation: "Del. Reg. 2025/301 Art. 5(1)(c)"},
			},
		},
	}
}

var regimes = Regimes()
