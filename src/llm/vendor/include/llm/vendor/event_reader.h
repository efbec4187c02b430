#pragma once
// What one JSON object of a vendor's stream says, whoever the vendor is.
#include <cstdint>
#include <string_view>

#include "llm/provider.h"

namespace chatbox::llm::vendor {

// Views are good until the JSON text goes or the reader reads again.
struct VendorError {
    std::string_view type;
    std::string_view code;
    std::string_view message;
    std::int64_t status = 0;  // as HTTP has it, when the error names one
};

struct VendorEvent {
    std::string_view text;  // that goes behind the answer so far
    std::string_view finish_reason;
    std::string_view state;   // see AnswerEnd::state
    bool is_end = false;      // the vendor's end mark
    bool has_answer = false;  // when the JSON is a whole answer: it holds one, if an empty one
    bool has_error = false;
    VendorError error;
    bool has_usage = false;
    Usage usage;  // a later one of the same answer is laid over it
};

// Belongs to one answer: it may remember what earlier events said.
class EventReader {
public:
    virtual ~EventReader() = default;
    // Reads an event of a stream or a whole answer. Null if `json` is not one JSON value of valid UTF-8.
    // Whatever is valid and unknown is an empty event.
    virtual const VendorEvent* read(std::string_view json) = 0;
    // What is missing in a whole answer that holds none.
    virtual std::string_view missing_answer() const = 0;
};

}  // namespace chatbox::llm::vendor
