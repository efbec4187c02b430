#include "openapi_schemas.h"

#include <array>

namespace chatbox::net {

namespace {

constexpr std::array all{
    NamedSchema{"Error", R"({
        "type": "object",
        "required": ["error", "code"],
        "additionalProperties": false,
        "properties": {
            "error": {"type": "string", "description": "For a person"},
            "code": {"enum": ["BAD_REQUEST", "UNAUTHORIZED", "INVALID_TOKEN", "FORBIDDEN", "NOT_FOUND",
                              "INTERNAL_ERROR", "SERVICE_UNAVAILABLE"]},
            "message": {"type": "string", "description": "The same as error, on some routes"}
        }})"},
    NamedSchema{"RateLimited", R"({
        "type": "object",
        "required": ["error", "message"],
        "additionalProperties": false,
        "properties": {
            "error": {"const": "rate_limit_exceeded"},
            "message": {"type": "string"},
            "retry_after_ms": {"type": "integer", "minimum": 0}
        }})"},
    NamedSchema{"OpenApi", R"({
        "type": "object",
        "required": ["openapi", "info", "paths"],
        "properties": {"openapi": {"const": "3.1.0"}}})"},
    NamedSchema{"Time", R"({
        "type": "string",
        "format": "date-time",
        "description": "RFC 3339 in UTC, at most milliseconds"})"},
    NamedSchema{"SessionSummary", R"({
        "type": "object",
        "required": ["id", "session_id", "user_id", "name", "last_activity", "message_count", "admin_assisted",
                     "start_time", "is_active", "duration", "total_tokens", "max_response_time",
                     "avg_response_time"],
        "additionalProperties": false,
        "properties": {
            "id": {"type": "string"},
            "session_id": {"type": "string", "description": "The same as id"},
            "user_id": {"type": "string", "description": "The owner"},
            "name": {"type": "string", "description": "Empty until the first message of the user"},
            "last_activity": {"$ref": "#/components/schemas/Time"},
            "message_count": {"type": "integer", "minimum": 0},
            "admin_assisted": {"type": "boolean"},
            "start_time": {"$ref": "#/components/schemas/Time"},
            "end_time": {"$ref": "#/components/schemas/Time"},
            "is_active": {"type": "boolean", "description": "It has no end time"},
            "duration": {"type": "integer", "minimum": 0, "description": "Seconds, until now while active"},
            "total_tokens": {"type": "integer", "minimum": 0},
            "max_response_time": {"type": "integer", "minimum": 0, "description": "Milliseconds"},
            "avg_response_time": {"type": "integer", "minimum": 0, "description": "Milliseconds"},
            "assisting_admin_name": {"type": "string"},
            "model_id": {"type": "string"}
        }})"},
    NamedSchema{"StoredMessage", R"({
        "type": "object",
        "required": ["id", "seq", "type", "content", "timestamp", "sender"],
        "additionalProperties": false,
        "properties": {
            "id": {"type": "string"},
            "seq": {"type": "integer", "minimum": 1, "description": "The position in the session"},
            "type": {"type": "string"},
            "content": {"type": "string"},
            "timestamp": {"$ref": "#/components/schemas/Time"},
            "sender": {"enum": ["user", "ai", "admin", "system"]},
            "file_id": {"type": "string"},
            "file_url": {"type": "string"},
            "metadata": {"type": "object", "additionalProperties": {"type": "string"}},
            "model_id": {"type": "string"},
            "client_id": {"type": "string"},
            "status": {"enum": ["stopped", "failed", "interrupted", "superseded"],
                       "description": "How an answer ended, if not normally"}
        }})"},
    NamedSchema{"SessionList", R"({
        "type": "object",
        "required": ["sessions", "user_id", "count", "limit", "truncated"],
        "additionalProperties": false,
        "properties": {
            "sessions": {"type": "array", "items": {"$ref": "#/components/schemas/SessionSummary"}},
            "user_id": {"type": "string"},
            "count": {"type": "integer", "minimum": 0},
            "limit": {"type": "integer", "minimum": 1},
            "truncated": {"type": "boolean", "description": "There are as many as limit allows"}
        }})"},
    NamedSchema{"AdminSessionList", R"({
        "type": "object",
        "required": ["sessions", "count", "limit", "offset"],
        "additionalProperties": false,
        "properties": {
            "sessions": {"type": "array", "items": {"$ref": "#/components/schemas/SessionSummary"}},
            "count": {"type": "integer", "minimum": 0, "description": "In this answer"},
            "limit": {"type": "integer", "minimum": 1},
            "offset": {"type": "integer", "minimum": 0}
        }})"},
    NamedSchema{"Transcript", R"({
        "type": "object",
        "required": ["session_id", "name", "model_id", "is_active", "last_seq", "messages"],
        "additionalProperties": false,
        "properties": {
            "session_id": {"type": "string"},
            "name": {"type": "string"},
            "model_id": {"type": "string", "description": "Empty when none was chosen"},
            "is_active": {"type": "boolean"},
            "last_seq": {"type": "integer", "minimum": 0},
            "messages": {"type": "array", "items": {"$ref": "#/components/schemas/StoredMessage"}}
        }})"},
    NamedSchema{"Ticket", R"({
        "type": "object",
        "required": ["ticket", "expires_in"],
        "additionalProperties": false,
        "properties": {
            "ticket": {"type": "string", "pattern": "^[A-Za-z0-9_-]{43}$"},
            "expires_in": {"type": "integer", "minimum": 0, "description": "Seconds"}}})"},
    NamedSchema{"Ended", R"({
        "type": "object",
        "required": ["status"],
        "additionalProperties": false,
        "properties": {"status": {"const": "ended"}}})"},
    NamedSchema{"Health", R"({
        "type": "object",
        "required": ["status", "timestamp"],
        "additionalProperties": false,
        "properties": {
            "status": {"const": "healthy"},
            "timestamp": {"$ref": "#/components/schemas/Time"}
        }})"},
    NamedSchema{"Readiness", R"({
        "type": "object",
        "required": ["status", "timestamp", "checks"],
        "additionalProperties": false,
        "properties": {
            "status": {"enum": ["ready", "not ready"]},
            "timestamp": {"$ref": "#/components/schemas/Time"},
            "checks": {
                "type": "object",
                "additionalProperties": {
                    "type": "object",
                    "required": ["status"],
                    "additionalProperties": false,
                    "properties": {
                        "status": {"enum": ["ready", "not ready"]},
                        "reason": {"type": "string"},
                        "providers_count": {"type": "integer", "minimum": 0}
                    }
                }
            }
        }})"},
};

}  // namespace

std::span<const NamedSchema> openapi_schemas() {
    return all;
}

}  // namespace chatbox::net
