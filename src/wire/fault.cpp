#include "wire/fault.h"

#include "base/text.h"

namespace chatbox::wire {

namespace {

// Foreign words in our sentences are cut, so that an error is never much larger than its cause is useful.
constexpr std::size_t quoted_limit = 100;

std::string quoted(std::string_view text) {
    return std::string(text.substr(0, base::utf8_floor(text, quoted_limit)));
}

}  // namespace

std::string_view to_string(FaultCode code) {
    switch (code) {
        case FaultCode::invalid_format:
            return "INVALID_FORMAT";
        case FaultCode::missing_field:
            return "MISSING_FIELD";
        case FaultCode::not_found:
            return "NOT_FOUND";
        case FaultCode::unauthorized:
            return "UNAUTHORIZED";
        case FaultCode::invalid_token:
            return "INVALID_TOKEN";
        case FaultCode::expired_token:
            return "EXPIRED_TOKEN";
        case FaultCode::llm_unavailable:
            return "LLM_UNAVAILABLE";
        case FaultCode::llm_timeout:
            return "LLM_TIMEOUT";
        case FaultCode::database_error:
            return "DATABASE_ERROR";
        case FaultCode::service_error:
            return "SERVICE_ERROR";
        case FaultCode::too_many_requests:
            return "TOO_MANY_REQUESTS";
    }
    return "SERVICE_ERROR";
}

bool is_recoverable(FaultCode code) {
    return code != FaultCode::expired_token && code != FaultCode::invalid_token;
}

Fault Fault::unknown_type(std::string_view type) {
    return {FaultCode::invalid_format, "Invalid message format: unknown message type " + quoted(type)};
}

Fault Fault::invalid_model(std::string_view id) {
    return {FaultCode::invalid_format, "Invalid model ID: " + quoted(id)};
}

Fault Fault::missing_field(std::string_view field) {
    return {FaultCode::missing_field, "Required field missing: " + std::string(field)};
}

Fault Fault::llm_timeout(base::Millis limit) {
    return {FaultCode::llm_timeout, "AI service request timed out after " + base::format_duration(limit)};
}

}  // namespace chatbox::wire
