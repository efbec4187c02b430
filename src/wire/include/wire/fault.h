#pragma once
// What can go wrong on a WebSocket, as the client is told (contract, websocket-protocol section 8).
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace chatbox::wire {

enum class FaultCode {
    invalid_format,
    missing_field,
    not_found,
    unauthorized,
    invalid_token,
    expired_token,
    llm_unavailable,
    llm_timeout,
    database_error,
    service_error,
    too_many_requests,
};

std::string_view to_string(FaultCode code);  // INVALID_FORMAT ...
bool is_recoverable(FaultCode code);

// `message` is for the client: it holds no internal detail and no foreign text.
struct Fault {
    FaultCode code = FaultCode::service_error;
    std::string message;
    base::Millis retry_after{0};  // zero: no hint

    static Fault invalid_message() { return {FaultCode::invalid_format, "Invalid message format"}; }
    static Fault failed_validation() { return {FaultCode::invalid_format, "Message validation failed"}; }
    static Fault unknown_type(std::string_view type);
    static Fault invalid_model(std::string_view id);
    static Fault invalid_file_url() { return {FaultCode::invalid_format, "Invalid file URL"}; }
    static Fault no_session() { return {FaultCode::not_found, "Session not found"}; }
    static Fault missing_field(std::string_view field);
    static Fault not_owner() {
        return {FaultCode::unauthorized, "You do not have permission to access this session"};
    }
    static Fault not_bound() { return {FaultCode::service_error, "Failed to establish session connection"}; }
    static Fault busy() { return {FaultCode::service_error, "Server busy \u2014 please retry"}; }
    static Fault unexpected() { return {FaultCode::service_error, "An unexpected error occurred"}; }
    static Fault database() { return {FaultCode::database_error, "Database operation failed"}; }
    static Fault llm_unavailable() {
        return {FaultCode::llm_unavailable, "AI service is temporarily unavailable"};
    }
    static Fault llm_timeout(base::Millis limit);
    static Fault too_many(base::Millis retry_after) {
        return {FaultCode::too_many_requests, "Too many requests, please slow down", retry_after};
    }
    static Fault bad_token() { return {FaultCode::invalid_token, "Invalid authentication token"}; }
    static Fault expired() { return {FaultCode::expired_token, "Authentication token has expired"}; }
};

}  // namespace chatbox::wire
