// Package drp owns the words of the Data Rights Protocol 1.0 (github.com/consumer-reports-innovation-lab/data-rights-protocol,
// data-rights-protocol.md): what an authorised agent's signed messages say, the checks that they pass in the text's order, and the statuses and
// reasons that a business answers with. It must not send, receive or store anything; callers bring the bytes, the agent's key and the instant.
package drp
