package report

import (
	"context"
	"strings"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	reportv1 "github.com/rapport-cx/rapport/gen/rapport/report/v1"
	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
)

// What a person may be contacted for and how, in the order of a 360. Reviews, codes
// and imports are ways of being told, not of asking.
var (
	purposes = []string{"survey", "marketing"}
	modes    = []commonv1.ContactMode{
		commonv1.ContactMode_CONTACT_MODE_EMAIL, commonv1.ContactMode_CONTACT_MODE_PUSH, commonv1.ContactMode_CONTACT_MODE_SMS,
		commonv1.ContactMode_CONTACT_MODE_MESSENGER, commonv1.ContactMode_CONTACT_MODE_CALL,
	}
)

// fetchContacts examines each way, and counts none against the budget.
func (p *person) fetchContacts(ctx context.Context, a *asking) error {
	id, err := p.number(ctx, a)
	if err != nil {
		return err
	}
	var contacts []*reportv1.NextContact
	var calls []func(context.Context) error
	for _, purpose := range purposes {
		for _, mode := range modes {
			next := &reportv1.NextContact{Mode: mode, Purpose: purpose}
			contacts = append(contacts, next)
			calls = append(calls, func(ctx context.Context) error { return p.examine(ctx, a, id, next) })
		}
	}
	if err = together(ctx, calls...); err == nil {
		p.out.Contacts = contacts
	}
	return err
}

func (p *person) examine(ctx context.Context, a *asking, id int64, next *reportv1.NextContact) error {
	out, err := call(ctx, a, fromSegmentation, p.s.from.Segmentation.ExamineContact, &segmentationv1.ExamineContactRequest{
		Brand: p.b.ID, Contact: &segmentationv1.ContactRequest{
			Customer: &commonv1.CustomerRef{Ref: &commonv1.CustomerRef_Id{Id: id}}, Purpose: next.GetPurpose(), Mode: next.GetMode()}})
	if err != nil {
		return err
	}
	next.Allowed, next.From = out.GetAllowed(), out.GetAllowedFrom()
	for _, v := range out.GetVerdicts() {
		next.ForbiddenBy = append(next.ForbiddenBy, strings.TrimPrefix(v.GetRule().String(), "CONTACT_RULE_"))
	}
	return nil
}
