// Package figures owns what the console's dashboard and reports and the JSON interface say in numbers: how many requests are open, overdue and
// answered, for whom and when. It must not show them; whoever asks does.
package figures
