package workflows_test

import (
	"context"
	"slices"
	"time"

	"go.temporal.io/sdk/activity"

	"habeas/activities"
	"habeas/models"
	"habeas/models/breach/register"
	"habeas/models/contractend"
	"habeas/models/request"
	"habeas/workflows"
)

// soon is how long what takes days in life takes in a recording.
const soon = 300 * time.Millisecond

// scenario is one way that a workflow can go, with activities that answer at once.
type scenario struct {
	files  map[string]string // by the name of the file: the ID of the workflow whose history goes into it
	sealed bool              // recorded with the codec
	opened activities.Opened
	plan   activities.Planned
	work   activities.Work
	right  activities.RightWork
	settle activities.Settled
	defer_ activities.DeferralWork
	due    activities.DueDeferrals
	left   int64         // what ProveErased finds, always
	expiry time.Duration // of a package
	search bool          // Locate goes on until it is cancelled
	slow   bool          // a processor that was handed a request is not done at once
	breach int           // steps that NextBreachStep has given
	tasks  bool          // tasks wait for people from the start
	fetch  activities.CopyWork
	scan   []activities.Queue
	change int                       // steps that NextChangeStep or NextContractStep has given
	mailed []activities.BreachMailed // what the rounds of a mailing come to, before the last
	drive  func(*recorder)
}

// id makes the IDs of the scenarios, so that a new recording differs in nothing that it need not.
func id(n byte) models.ID {
	out := models.MustParseID("018f0000-0000-4000-8000-000000000000")
	out[15] = n
	return out
}

// requestScenario is a request that is due in an hour.
func requestScenario(n byte, file string, right models.Right, drive func(r *recorder, request models.ID)) scenario {
	return scenario{
		files: map[string]string{file: workflows.RequestWorkflowID(id(n))},
		opened: activities.Opened{
			Right: right, Verified: true, Pace: activities.Pace{InstructionEvery: soon, ReviewEvery: time.Hour, OverdueEvery: time.Hour},
		},
		plan: activities.Planned{Version: 1, Undecided: 1}, expiry: time.Hour,
		work: activities.Work{Erase: []activities.EraseStep{{Group: 2}, {Group: 1, Index: 1}}},
		drive: func(r *recorder) {
			r.request(id(n))
			drive(r, id(n))
		},
	}
}

// scenarios are all that is recorded.
func scenarios() []scenario {
	erasure := requestScenario(1, "erasure", models.Erasure, func(r *recorder, req models.ID) {
		r.awaitCalls(workflows.RequestWorkflowID(req), 3) // Open, Advance, SendVerification
		r.decide(req, request.Resend)
		r.awaitCalls(workflows.RequestWorkflowID(req), 4)
		r.decide(req, request.Verify, request.Approve)
		r.answer(req, id(101), request.Acknowledge)
		r.awaitCalls(workflows.NoticeWorkflowID(id(102)), 5)
		r.answer(req, id(102), request.Waive)
	})
	erasure.opened.Verified = false
	erasure.opened.Pace = activities.Pace{InstructionEvery: soon, ReviewEvery: soon, OverdueEvery: soon}
	erasure.opened.Clock = activities.Clock{DueBefore: time.Now().Add(4 * soon), Reminders: []time.Time{time.Now().Add(3 * soon)}}
	erasure.files["notice_acknowledged"] = workflows.NoticeWorkflowID(id(101))
	erasure.files["notice_waived"] = workflows.NoticeWorkflowID(id(102))
	erasure.work.Restrict, erasure.work.Retained, erasure.work.Notices = []int{3}, true, []models.ID{id(101), id(102)}

	policy := requestScenario(2, "erasure_by_policy", models.Erasure, func(*recorder, models.ID) {})
	policy.plan = activities.Planned{Version: 1, Approved: true}

	incomplete := requestScenario(3, "erasure_incomplete", models.Erasure, func(r *recorder, req models.ID) {
		r.decide(req, request.Approve)
		r.awaitTimer(workflows.RequestWorkflowID(req))
	})
	incomplete.left = 1

	access := requestScenario(4, "access_sealed", models.Access, func(r *recorder, req models.ID) {
		r.decide(req, request.Change, request.Approve, request.Collect)
	})
	access.sealed = true
	export := requestScenario(5, "export_expired", models.Export, func(r *recorder, req models.ID) { r.decide(req, request.Approve) })
	export.expiry = 2 * soon

	withdrawn := requestScenario(7, "withdrawn_while_locating", models.Erasure, func(r *recorder, req models.ID) {
		r.awaitCalls(workflows.RequestWorkflowID(req), 4) // Open, SendConfirmation, Advance, Locate
		r.decide(req, request.Withdraw)
	})
	withdrawn.search = true
	lapsed := requestScenario(8, "lapsed", models.Access, func(*recorder, models.ID) {})
	lapsed.opened.Verified, lapsed.opened.LapseAt = false, time.Now().Add(2*soon)
	instructed := requestScenario(9, "customer_instructs", models.Erasure, func(r *recorder, req models.ID) {
		r.awaitCalls(workflows.RequestWorkflowID(req), 5)
		r.decide(req, request.Instruct, request.Approve)
	})
	instructed.opened.Instruction = true
	declined := requestScenario(10, "customer_declines", models.Erasure, func(r *recorder, req models.ID) { r.decide(req, request.Decline) })
	declined.opened.Instruction = true

	people := requestScenario(13, "tasks", models.Erasure, func(r *recorder, req models.ID) {
		workflowID := workflows.RequestWorkflowID(req)
		r.byHand(workflowID, r.tell(req))
		r.set(workflowID, true)
		r.decide(req, request.Approve)
		r.byHand(workflowID, r.tell(req))
	})
	people.tasks, people.work.Tasks = true, 1
	copied := requestScenario(14, "tasks_of_a_copy", models.Access, func(r *recorder, req models.ID) {
		r.byHand(workflows.RequestWorkflowID(req), r.tell(req))
		r.set(workflows.RequestWorkflowID(req), true)
		r.decide(req, request.Approve)
		r.byHand(workflows.RequestWorkflowID(req), r.tell(req))
		r.decide(req, request.Collect)
	})
	copied.tasks = true
	queues := requestScenario(15, "queues", models.Erasure, func(r *recorder, req models.ID) { r.decide(req, request.Approve) })
	queues.opened.Queues = []activities.Queue{"", "far"}
	queues.work.Queues, queues.work.Restrict, queues.work.RestrictOn = []activities.Queue{"far"}, []int{4}, []activities.Queue{"far"}
	queues.work.Erase[1].Queue = "far"
	fetched := requestScenario(16, "fetched_copy", models.Access, func(r *recorder, req models.ID) { r.decide(req, request.Approve, request.Collect) })
	fetched.plan.Fetch = true
	fetched.fetch = activities.CopyWork{
		Queues: []activities.Queue{"far"}, Delegations: []activities.DelegationStep{{DelegationID: id(160)}, {DelegationID: id(161), Queue: "far"}},
	}
	delegated := requestScenario(17, "delegated_erasure", models.Erasure, func(r *recorder, req models.ID) { r.decide(req, request.Approve) })
	delegated.work.Delegations = []activities.DelegationStep{{DelegationID: id(162)}}
	followed := requestScenario(18, "delegated_followed", models.Erasure, func(r *recorder, req models.ID) { r.decide(req, request.Approve) })
	followed.work.Delegations, followed.slow = []activities.DelegationStep{{DelegationID: id(163)}}, true
	called := requestScenario(19, "delegated_called", models.Erasure, func(r *recorder, req models.ID) {
		r.decide(req, request.Approve)
		r.awaitCalls("asked/"+workflows.RequestWorkflowID(req), 1)
		r.orders++
		r.failed(r.habeas.TellRequestOfCall(r.ctx, id(r.orders), req, id(164)))
	})
	called.work.Delegations, called.slow = []activities.DelegationStep{{DelegationID: id(164)}}, true

	return append([]scenario{
		people, copied, queues, fetched, delegated, followed, called,
		erasure, policy, incomplete, access, export, withdrawn, lapsed, instructed, declined,
		requestScenario(6, "refused", models.Access, func(r *recorder, req models.ID) {
			r.awaitCalls(workflows.RequestWorkflowID(req), 7)
			r.decide(req, request.Refuse)
		}),
		requestScenario(11, "extended", models.Erasure, func(r *recorder, req models.ID) { r.decide(req, request.Extend, request.Approve) }),
		requestScenario(12, "clarified", models.Erasure, func(r *recorder, req models.ID) {
			r.decide(req, request.Clarify, request.Answer, request.Approve)
		}),
	}, slices.Concat(rights(), scheduled())...)
}

// rights are a restriction with the lifting of it, a rectification and an objection.
func rights() []scenario {
	restriction := requestScenario(13, "restriction", models.Restriction, func(r *recorder, req models.ID) {
		r.decide(req, request.Approve)
		r.answer(req, id(104), request.Acknowledge)
	})
	restriction.files["notice_of_a_restriction"] = workflows.NoticeWorkflowID(id(104))
	restriction.right = activities.RightWork{Restrict: []int{1, 2}}
	restriction.settle = activities.Settled{Outcome: models.PartlyFulfilled, Notices: []models.ID{id(104)}}
	rectification := requestScenario(14, "rectification", models.Rectification, func(r *recorder, req models.ID) { r.decide(req, request.Change, request.Approve) })
	rectification.right = activities.RightWork{Rectify: []models.ID{id(160), id(161)}}
	rectification.settle = activities.Settled{Outcome: models.Fulfilled}
	objection := requestScenario(15, "objection_by_policy", models.Objection, func(*recorder, models.ID) {})
	objection.plan, objection.settle = activities.Planned{Version: 1, Approved: true}, activities.Settled{Outcome: models.Fulfilled}
	lifted := id(16)
	return []scenario{restriction, rectification, objection, {
		files: map[string]string{"lifting": workflows.LiftingWorkflowID(lifted)},
		drive: func(r *recorder) {
			r.start(workflows.LiftingWorkflowID(lifted), workflows.LiftingWorkflowName, workflows.LiftingInput{RequestID: lifted, DecisionID: id(170)})
		},
	}}
}

// scheduled are what the Schedules start.
func scheduled() []scenario {
	deferral, held := id(201), id(202)
	return []scenario{
		{
			files: map[string]string{"deferral": workflows.DeferralWorkflowID(deferral), "notice_of_a_deferral": workflows.NoticeWorkflowID(id(103))},
			defer_: activities.DeferralWork{
				RequestID: id(1), Erase: []activities.EraseStep{{Group: 3}}, Notices: []models.ID{id(103)},
			},
			drive: func(r *recorder) {
				r.start(workflows.DeferralWorkflowID(deferral), workflows.DeferralWorkflowName, workflows.DeferralInput{DeferralID: deferral})
				r.answer(id(1), id(103), request.Acknowledge)
			},
		},
		{
			files:  map[string]string{"deferral_held": workflows.DeferralWorkflowID(held), "sweep": "sweep"},
			defer_: activities.DeferralWork{RequestID: id(1), Held: true},
			due:    activities.DueDeferrals{IDs: []models.ID{held}},
			drive:  func(r *recorder) { r.start("sweep", workflows.DeferralSweepName) },
		},
		{
			files: map[string]string{"breach": workflows.BreachWorkflowID(id(210))},
			drive: func(r *recorder) {
				r.failed(r.habeas.StartBreach(r.ctx, id(210)))
				r.awaitCalls(workflows.BreachWorkflowID(id(210)), 5) // NextBreachStep, TellBreachCustomer, SoundBreachAlarm twice, NextBreachStep
				r.failed(r.habeas.TellBreach(r.ctx, id(211), id(210)))
			},
		},
		{
			files: map[string]string{"breach_mailing": workflows.BreachMailingID(id(210)), "breach_trial": workflows.BreachTrialID(id(214))},
			drive: func(r *recorder) {
				r.failed(r.habeas.StartBreachMailing(r.ctx, id(210)))
				r.failed(r.habeas.StartBreachTrial(r.ctx, id(214), id(210)))
			},
		},
		{
			files:  map[string]string{"breach_mailing_later": workflows.BreachMailingID(id(217))},
			mailed: []activities.BreachMailed{{Sent: 40, Refused: 1, Deferred: 1, Pause: soon}, {Sent: 40, Refused: 1, Deferred: 1, Pause: time.Hour}},
			drive: func(r *recorder) {
				r.failed(r.habeas.StartBreachMailing(r.ctx, id(217)))
				r.awaitCalls(workflows.BreachMailingID(id(217)), 2)
				r.failed(r.habeas.StartBreachMailing(r.ctx, id(217)))
			},
		},
		{
			files: map[string]string{"scan": workflows.ScanWorkflowID(id(213))},
			drive: func(r *recorder) { r.failed(r.habeas.StartScan(r.ctx, id(213))) },
		},
		{
			files: map[string]string{"scan_of_queues": workflows.ScanWorkflowID(id(214))},
			scan:  []activities.Queue{"far"},
			drive: func(r *recorder) { r.failed(r.habeas.StartScan(r.ctx, id(214))) },
		},
		{
			files:  map[string]string{"tasks_of_a_deferral": workflows.DeferralWorkflowID(id(203))},
			defer_: activities.DeferralWork{RequestID: id(1), Tasks: 1},
			tasks:  true,
			drive: func(r *recorder) {
				workflowID := workflows.DeferralWorkflowID(id(203))
				r.start(workflowID, workflows.DeferralWorkflowName, workflows.DeferralInput{DeferralID: id(203)})
				r.byHand(workflowID, func(kind request.DecisionKind) {
					r.deliver(workflows.Delivery{RequestID: id(1), DeferralID: id(203), Kind: kind})
				})
			},
		},
		{
			files: map[string]string{"subprocessor_change": workflows.ChangeWorkflowID(id(215))},
			drive: func(r *recorder) {
				r.failed(r.habeas.StartChange(r.ctx, id(215)))
				r.awaitCalls(workflows.ChangeWorkflowID(id(215)), 5) // NextChangeStep, TellChangeCustomers, NextChangeStep, RemindChange, NextChangeStep
				r.failed(r.habeas.TellChange(r.ctx, id(216), id(215)))
			},
		},
		{
			files: map[string]string{"contract_end": workflows.ContractEndWorkflowID(id(217))},
			drive: func(r *recorder) {
				r.failed(r.habeas.StartContractEnd(r.ctx, id(217)))
				r.awaitCalls(workflows.ContractEndWorkflowID(id(217)), 5) // NextContractStep, RemindContractEnd, NextContractStep, OpenContractRequest, NextContractStep
				r.failed(r.habeas.TellContractEnd(r.ctx, id(218), id(217)))
			},
		},
		{
			files: map[string]string{"recipient_reviews": "recipient_reviews"},
			drive: func(r *recorder) { r.start("recipient_reviews", workflows.RecipientReviewsName) },
		},
		{
			files: map[string]string{"housekeeping": "housekeeping"},
			drive: func(r *recorder) { r.start("housekeeping", workflows.HousekeepingWorkflowName) },
		},
	}
}

// fakes answers each activity as the scenario of the calling workflow says.
func (r *recorder) fakes() map[string]any {
	ok := func(ctx context.Context) *scenario { return r.called(ctx) }
	clock := func(s *scenario) activities.Clock {
		if s.opened.Clock.DueBefore.IsZero() {
			return activities.Clock{DueBefore: time.Now().Add(time.Hour)}
		}
		return s.opened.Clock
	}
	return map[string]any{
		"Open": func(ctx context.Context, _ activities.RequestRef) (activities.Opened, error) {
			s := ok(ctx)
			out := s.opened
			out.Clock = clock(s)
			if out.LapseAt.IsZero() {
				out.LapseAt = time.Now().Add(time.Hour)
			}
			return out, nil
		},
		"RecordClock": func(ctx context.Context, in activities.ClockChange) (activities.Clock, error) {
			if s := ok(ctx); in.Cause != activities.CauseClarified {
				return clock(s), nil
			}
			return activities.Clock{Paused: true}, nil
		},
		"Locate": func(ctx context.Context, _ activities.RequestRef) (activities.Located, error) {
			if !ok(ctx).search {
				return activities.Located{Rows: 3, Tasks: r.waiting(ctx)}, nil
			}
			for ctx.Err() == nil {
				activity.RecordHeartbeat(ctx)
				pause()
			}
			return activities.Located{}, ctx.Err()
		},
		"MakePlan": func(ctx context.Context, _ activities.RequestRef) (activities.Planned, error) {
			return ok(ctx).plan, nil
		},
		"PrepareErasure": func(ctx context.Context, _ activities.RequestRef) (activities.Work, error) {
			return ok(ctx).work, nil
		},
		"Erase": func(ctx context.Context, _ activities.GroupRef) (activities.Done, error) {
			ok(ctx)
			return activities.Done{Erased: 1}, nil
		},
		"Restrict": func(ctx context.Context, _ activities.GroupRef) (activities.Done, error) {
			ok(ctx)
			return activities.Done{Restricted: 1}, nil
		},
		"PrepareRight": func(ctx context.Context, _ activities.RequestRef) (activities.RightWork, error) {
			return ok(ctx).right, nil
		},
		"SettleRight": func(ctx context.Context, _ activities.RequestRef) (activities.Settled, error) {
			return ok(ctx).settle, nil
		},
		"RestrictRows": func(ctx context.Context, _ activities.GroupRef) (activities.Done, error) {
			ok(ctx)
			return activities.Done{Restricted: 2}, nil
		},
		"Rectify": func(ctx context.Context, _ activities.CorrectionRef) (activities.Rectified, error) {
			ok(ctx)
			return activities.Rectified{Rows: 1}, nil
		},
		"OpenLifting": func(ctx context.Context, _ activities.RequestRef) (activities.LiftWork, error) {
			ok(ctx)
			return activities.LiftWork{Groups: []int{1, 2}}, nil
		},
		"LiftRows": func(ctx context.Context, _ activities.GroupRef) (activities.Done, error) {
			ok(ctx)
			return activities.Done{Lifted: 2}, nil
		},
		"SendLifting": done[activities.DecisionRef](r), "FinishLifting": done[activities.DecisionRef](r),
		"ProveErased": func(ctx context.Context, _ activities.Ending) (activities.Proof, error) {
			return activities.Proof{Checked: 2, Left: ok(ctx).left}, nil
		},
		"SendNotice": func(ctx context.Context, _ activities.NoticeRef) (activities.NoticeSent, error) {
			ok(ctx)
			return activities.NoticeSent{ReminderAfter: soon}, nil
		},
		"BuildPackage": func(ctx context.Context, _ activities.RequestRef) (activities.Package, error) {
			s := ok(ctx)
			if n := r.waiting(ctx); n > 0 {
				return activities.Package{Tasks: n}, nil
			}
			return activities.Package{PackageID: id(150), ExpiresAt: time.Now().Add(s.expiry)}, nil
		},
		"OpenDeferral": func(ctx context.Context, _ activities.DeferralRef) (activities.DeferralWork, error) {
			return ok(ctx).defer_, nil
		},
		"FindDueDeferrals": func(ctx context.Context, _ struct{}) (activities.DueDeferrals, error) { return ok(ctx).due, nil },
		"SettleTasks":      r.settle,
		"LocateStage": func(ctx context.Context, in activities.LocateStage) (activities.LocatedStage, error) {
			ok(ctx)
			return activities.LocatedStage{Left: in.Stage == 1 && in.Part == 1 && r.once(ctx)}, nil
		},
		"FinishLocate": func(ctx context.Context, _ activities.RequestRef) (activities.Located, error) {
			ok(ctx)
			return activities.Located{Rows: 3}, nil
		},
		"PrepareCopy": func(ctx context.Context, _ activities.RequestRef) (activities.CopyWork, error) {
			return ok(ctx).fetch, nil
		},
		"ExportParts": func(ctx context.Context, _ activities.QueueRef) (activities.Done, error) {
			ok(ctx)
			return activities.Done{}, nil
		},
		"FollowDelegation": func(ctx context.Context, _ activities.DelegationRef) (activities.Delegated, error) {
			s := ok(ctx)
			r.mu.Lock()
			r.calls["asked/"+activity.GetInfo(ctx).WorkflowExecution.ID]++
			r.mu.Unlock()
			return activities.Delegated{Over: !s.slow || !r.once(ctx)}, nil
		},
		"CleanUp": func(ctx context.Context, _ struct{}) (activities.Housekeeping, error) {
			ok(ctx)
			return activities.Housekeeping{KeysDestroyed: 2, PackagesExpired: 1}, nil
		},
		"TellBreachPersons": func(ctx context.Context, _ activities.BreachRef) (activities.BreachMailed, error) {
			s := ok(ctx)
			if len(s.mailed) > 0 {
				out := s.mailed[0]
				s.mailed = s.mailed[1:]
				return out, nil
			}
			return activities.BreachMailed{Sent: 41, Refused: 1}, nil
		},
		"SendBreachTest": done[activities.BreachTest](r),
		"ScanSystems": func(ctx context.Context, _ activities.RequestRef) (activities.Scanned, error) {
			return activities.Scanned{Systems: 3, Places: 4, Undescribed: 1, Queues: ok(ctx).scan}, nil
		},
		"ScanQueue": func(ctx context.Context, _ activities.QueueRef) (activities.Scanned, error) {
			ok(ctx)
			return activities.Scanned{Systems: 1}, nil
		},
		"NextBreachStep": func(ctx context.Context, _ activities.BreachRef) (activities.BreachNext, error) {
			s := ok(ctx)
			s.breach++
			switch at := time.Now().Add(soon); s.breach {
			case 1:
				alarm := activities.BreachAlarm{BreachID: id(210), At: at, Duty: register.DutyTriage, Level: 1}
				return activities.BreachNext{At: at, Alarms: []activities.BreachAlarm{alarm, alarm}, Tell: []models.ID{id(212)}}, nil
			case 2:
				return activities.BreachNext{}, nil
			}
			return activities.BreachNext{Over: true}, nil
		},
		"NextChangeStep": func(ctx context.Context, _ activities.ChangeRef) (activities.ChangeNext, error) {
			s := ok(ctx)
			s.change++
			switch s.change {
			case 1:
				return activities.ChangeNext{Tell: true}, nil
			case 2:
				return activities.ChangeNext{At: time.Now().Add(soon)}, nil
			case 3:
				return activities.ChangeNext{}, nil
			case 4:
				return activities.ChangeNext{At: time.Now().Add(soon), Effect: true}, nil
			}
			return activities.ChangeNext{Over: true}, nil
		},
		"NextContractStep": func(ctx context.Context, _ activities.ContractRef) (activities.ContractNext, error) {
			s := ok(ctx)
			s.change++
			switch at := time.Now().Add(soon); s.change {
			case 1:
				return activities.ContractNext{Step: contractend.Remember, At: at}, nil
			case 2:
				return activities.ContractNext{Step: contractend.Give, At: at}, nil
			case 3:
				return activities.ContractNext{}, nil
			case 4:
				return activities.ContractNext{Step: contractend.Erase, At: at}, nil
			}
			return activities.ContractNext{Over: true}, nil
		},
		"TellChangeCustomers": func(ctx context.Context, _ activities.ChangeRef) (activities.ChangeTold, error) {
			ok(ctx)
			return activities.ChangeTold{Told: 999, Unreached: 1}, nil
		},
		"RemindRecipientReviews": func(ctx context.Context, _ struct{}) (activities.ReviewsReminded, error) {
			ok(ctx)
			return activities.ReviewsReminded{Due: 2}, nil
		},
		"RemindContractEnd": done[activities.ContractRef](r), "OpenContractRequest": done[activities.ContractStep](r),
		"RemindChange": done[activities.ChangeRef](r), "PutChangeInForce": done[activities.ChangeRef](r),
		"SoundBreachAlarm": done[activities.BreachAlarm](r), "TellBreachCustomer": done[activities.BreachCustomer](r),
		"Advance": done[activities.Advance](r), "SendVerification": done[activities.RequestRef](r), "Remind": done[activities.Reminder](r),
		"SendConfirmation": done[activities.RequestRef](r), "CreateDeferrals": done[activities.RequestRef](r),
		"SignReceipt": done[activities.Ending](r), "SendAnswer": done[activities.Ending](r), "SendRefusal": done[activities.DecisionRef](r),
		"SendExtension": done[activities.DecisionRef](r), "SendQuestion": done[activities.DecisionRef](r),
		"SendPackageLink": done[activities.PackageRef](r), "ShredPackage": done[activities.PackageRef](r),
		"FinishDeferral": done[activities.DeferralRef](r), "SendDeferralDone": done[activities.Ending](r),
	}
}

func done[In any](r *recorder) func(context.Context, In) error {
	return func(ctx context.Context, _ In) error {
		r.called(ctx)
		return nil
	}
}
