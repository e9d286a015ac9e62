// Package datamap owns the data map: which collections of which systems hold personal data, how they refer to each other, and
// the graph, the erase order and the rows' own types that follow from it. It must not read files, open a connection or know
// what a connector is; package file reads the YAML, and the connectors read the systems.
//
// # The file
//
// A Fides dataset file is a data map as it is. Of it these keys are used: dataset: fides_key, name, description, data_categories,
// fides_meta.namespace.schema, collections; collection: name, description, data_categories, fields, fides_meta.after, .erase_after,
// .skip_processing, .masking_strategy_override (strategy delete); field: name,
// description, data_categories, nested fields, fides_meta.primary_key, .identity, .data_type, .length, .read_only,
// .return_all_elements, .masking_strategy_override, .references (dataset, field as collection.field, direction from, to or
// none for both). Other Fides keys are ignored. Habeas' own keys sit beside them under habeas:, and there a key that is not
// listed here is an error.
//
// Dataset:
//
//	habeas:
//	  system: shipments        # name of a configured system; the fides_key when left out
//	  controller: acme         # slug of the customer whose data this is; left out: the operator's own
//	  purposes: [transport]    # Art. 15(1)(a)
//	  legal_basis: contract    # consent, contract, legal_obligation, vital_interests, public_task, legitimate_interests
//	  source: booking form     # Art. 15(1)(g); left out: from the person
//	  recipients: [carrier]    # keys of recipients that the data is disclosed to, Art. 15(1)(c), 19
//	  storage_period: ten years after the end of the contract   # Art. 15(1)(d), in words
//
// Collection:
//
//	habeas:
//	  table: app.shipments     # schema.table when it is not the collection's name
//	  erase: delete            # delete the row, or mask it field by field (the default), or keep it
//	  holds:                   # laws that keep a row for a time; anchors: start field of the rule -> column with its date
//	    - rule: EU_UCC_51
//	      anchors: {declaration_accepted: accepted_on}
//	      fields: [declared_value]   # only these fields must be kept; left out: the whole row
//	  restrict: {column: restricted_at, set: now, clear: null}   # how a row is marked as restricted, Art. 18
//	  shared: refer            # shared rows go to the DPO (the default); keep: are kept unasked; always: every row is shared
//	  composite: [[tenant_id, customer_id]]   # these fields' references to one collection form one key
//	  unreachable: reason      # acknowledges personal data that no identity leads to
//	  controller_column: customer_slug        # names the controller of each row, instead of the dataset's controller
//	  contract_end: delete     # instead of erase:, when a customer's contract ends and all of its rows go, Art. 28(3)(g)
//	  purpose: transport       # instead of the dataset's purposes
//	  storage_period: text     # instead of the dataset's
//	  portable: true           # provided by the person under consent or contract, Art. 20; also at a field, which wins
//
// Field:
//
//	habeas:
//	  erase: replace           # in a masked row: null (the default), replace, hmac, hash, random, format, encrypt or keep; keep also
//	                           # for a field that says nothing of anyone; remove takes out of an array what refers to the person
//	  value: "[erased]"        # what replace writes, and remove where no element is left
//	  suffix: "@erased.invalid"   # behind what hmac, hash, random, format or encrypt write into text
//	  portable: false
//	  shared: ignore           # the reference of this field only mentions another person and shares nothing with them
//	  same_person: true        # this identity field always belongs to the person of the row's other identity fields
//
// In a collection without erase:, personal fields (a data category outside system, or an identity) other than the primary key
// and read_only fields are masked. A collection without a primary key identifies its rows by all of its scalar fields.
package datamap
