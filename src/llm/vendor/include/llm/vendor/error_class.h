#pragma once
// Whether a failure could pass. Decided by the status and by the words that vendors document as the type or
// code of an error, never by the text for people.
#include "base/result.h"
#include "llm/vendor/event_reader.h"

namespace chatbox::llm::vendor {

// 408, 429 and 5xx (529 is Anthropic's "overloaded"): unavailable. Everything else: rejected.
base::Errc errc_of_status(int status);

// Of an error object inside a body. It need not carry a status that could be relied on.
base::Errc errc_of(const VendorError& error);
// The status that the error names or that its type stands for; 0: unknown.
int status_of(const VendorError& error);

}  // namespace chatbox::llm::vendor
