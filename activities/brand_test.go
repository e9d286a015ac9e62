package activities_test

import (
	"bytes"
	"image"
	"image/png"
	"testing"

	"github.com/stretchr/testify/require"

	"habeas/activities"
	"habeas/models"
	"habeas/models/brand"
	"habeas/models/store"
)

func TestLettersAboutABrandedControllerLookLikeItAndLeadToItsDomain(t *testing.T) {
	t.Parallel()
	w := setup(t)
	var logo bytes.Buffer
	require.NoError(t, png.Encode(&logo, image.NewGray(image.Rect(0, 0, 80, 30))))
	require.NoError(t, w.store.PutBrand(t.Context(), w.owner.ID, brand.Brand{Band: "#ffe000", Accent: "#7a0019", Logo: logo.Bytes(), Host: "privacy.owner.example"}))
	id := w.received(models.Erasure)
	do[none](w, w.acts.SendVerification, activities.RequestRef{RequestID: id})
	mail := w.mails.last(t).mail
	require.Contains(t, mail.Text, "https://privacy.owner.example/verify/")
	require.NotContains(t, mail.Text, "https://privacy.example/")
	require.Contains(t, mail.HTML, ".band { background: #ffe000; color: #000000;")
	require.Contains(t, mail.HTML, ".action a { background: #7a0019; color: #ffffff; }")
	require.Contains(t, mail.HTML, `<div class="band"><img src="cid:logo" alt=""><span>`+w.owner.Name+`</span></div>`)
	require.NotEmpty(t, mail.Logo)

	do[none](w, w.acts.Remind, activities.Reminder{RequestID: id, Kind: activities.RemindReview})
	staff := w.mails.last(t).mail
	require.Contains(t, staff.Text, "https://privacy.example/staff/requests/", "staff stay where they sign in")
	require.NotContains(t, staff.HTML, "band")
	require.Nil(t, staff.Logo)
}

func TestAComplaintIsHeardByTheOfficerAndItsAnswerReachesThePerson(t *testing.T) {
	t.Parallel()
	w := setup(t)
	id := w.verified(models.Access)
	token, err := w.store.StatusToken(t.Context(), id)
	require.NoError(t, err)
	require.NoError(t, w.store.Complain(t.Context(), token, "Canary: my old address is still used."))
	letters := activities.NewLetters(w.acts)
	tell := func() store.ComplaintMail {
		t.Helper()
		mails, err := w.store.ClaimComplaintMails(t.Context(), 10, 0)
		require.NoError(t, err)
		require.Len(t, mails, 1)
		require.NoError(t, letters.Complaint(t.Context(), mails[0]))
		require.NoError(t, w.store.ComplaintMailSent(t.Context(), mails[0]))
		return mails[0]
	}
	heard := tell()
	require.False(t, heard.Answered)
	require.Equal(t, "dpo@northwind.example", w.mails.last(t).to)
	require.NotContains(t, w.mails.last(t).mail.Text, "Canary", "what was written stands in the console alone")
	none, err := w.store.ClaimComplaintMails(t.Context(), 10, 0)
	require.NoError(t, err)
	require.Empty(t, none)

	require.NoError(t, w.store.AnswerComplaint(t.Context(), models.ScopeOperator(), id, heard.ID, models.Actor{Role: models.RoleDPO}, "It is corrected now."))
	require.True(t, tell().Answered)
	require.Equal(t, adaEmail, w.mails.last(t).to)
	require.Contains(t, w.mails.last(t).mail.Text, "> It is corrected now.")
	status, err := w.store.StatusByToken(t.Context(), token)
	require.NoError(t, err)
	require.Contains(t, status.Messages[len(status.Messages)-1].Body.Reveal(), "It is corrected now.", "it stands on the page too")
}
