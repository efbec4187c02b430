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
                     "avg_response_time", "control", "help_requested"],
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
            "control": {"$ref": "#/components/schemas/Control"},
            "help_requested": {"type": "boolean", "description": "The user has asked for a person"},
            "assisting_admin_name": {"type": "string"},
            "model_id": {"type": "string"},
            "share_token": {"type": "string", "description": "Of the link, when there is one that works"},
            "share_expires_at": {"$ref": "#/components/schemas/Time"}
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
        "required": ["sessions", "user_id", "count", "limit", "offset", "total", "truncated"],
        "additionalProperties": false,
        "properties": {
            "sessions": {"type": "array", "items": {"$ref": "#/components/schemas/SessionSummary"}},
            "user_id": {"type": "string"},
            "count": {"type": "integer", "minimum": 0},
            "limit": {"type": "integer", "minimum": 1},
            "offset": {"type": "integer", "minimum": 0},
            "total": {"type": "integer", "minimum": 0, "description": "Without limit and offset"},
            "truncated": {"type": "boolean", "description": "There are as many as limit allows"}
        }})"},
    NamedSchema{"AdminSessionList", R"({
        "type": "object",
        "required": ["sessions", "count", "limit", "offset", "total"],
        "additionalProperties": false,
        "properties": {
            "sessions": {"type": "array", "items": {"$ref": "#/components/schemas/SessionSummary"}},
            "count": {"type": "integer", "minimum": 0, "description": "In this answer"},
            "limit": {"type": "integer", "minimum": 1},
            "offset": {"type": "integer", "minimum": 0},
            "total": {"type": "integer", "minimum": 0, "description": "Without limit and offset"}
        }})"},
    NamedSchema{"Control", R"({
        "enum": ["ai", "waiting", "human"],
        "description": "Who answers; waiting: the AI, and the user has asked for a person"})"},
    NamedSchema{"Transcript", R"({
        "type": "object",
        "required": ["session_id", "name", "model_id", "is_active", "last_seq", "control", "messages",
                     "notices"],
        "additionalProperties": false,
        "properties": {
            "session_id": {"type": "string"},
            "name": {"type": "string"},
            "model_id": {"type": "string", "description": "Empty when none was chosen"},
            "is_active": {"type": "boolean"},
            "last_seq": {"type": "integer", "minimum": 0},
            "control": {"$ref": "#/components/schemas/Control"},
            "assisting_admin_name": {"type": "string"},
            "messages": {"type": "array", "items": {"$ref": "#/components/schemas/StoredMessage"}},
            "notices": {"type": "array", "items": {"$ref": "#/components/schemas/StoredMessage"},
                "description": "Calls for a person, and who joined and left"}
        }})"},
    NamedSchema{"Ticket", R"({
        "type": "object",
        "required": ["ticket", "expires_in"],
        "additionalProperties": false,
        "properties": {
            "ticket": {"type": "string", "pattern": "^[A-Za-z0-9_-]{43}$"},
            "expires_in": {"type": "integer", "minimum": 0, "description": "Seconds"}}})"},
    NamedSchema{"AdminTranscript", R"({
        "type": "object",
        "required": ["session_id", "user_id", "name", "model_id", "is_active", "last_seq", "control",
                     "help_requested", "admin_assisted", "messages", "notices"],
        "additionalProperties": false,
        "properties": {
            "session_id": {"type": "string"},
            "user_id": {"type": "string"},
            "name": {"type": "string"},
            "model_id": {"type": "string"},
            "is_active": {"type": "boolean"},
            "last_seq": {"type": "integer", "minimum": 0},
            "control": {"$ref": "#/components/schemas/Control"},
            "help_requested": {"type": "boolean"},
            "admin_assisted": {"type": "boolean"},
            "assisting_admin_name": {"type": "string"},
            "messages": {"type": "array", "items": {"$ref": "#/components/schemas/StoredMessage"}},
            "notices": {"type": "array", "items": {"$ref": "#/components/schemas/StoredMessage"},
                "description": "Calls for a person, and who joined and left"}
        }})"},
    NamedSchema{"SharedTranscript", R"({
        "type": "object",
        "required": ["session_id", "name", "messages"],
        "additionalProperties": false,
        "properties": {
            "session_id": {"type": "string"},
            "name": {"type": "string"},
            "messages": {
                "type": "array",
                "items": {
                    "type": "object",
                    "required": ["content", "timestamp", "sender"],
                    "additionalProperties": false,
                    "properties": {
                        "content": {"type": "string"},
                        "timestamp": {"$ref": "#/components/schemas/Time"},
                        "sender": {"enum": ["user", "ai", "admin"]},
                        "file_id": {"type": "string"},
                        "file_url": {"type": "string"},
                        "metadata": {"type": "object", "additionalProperties": {"type": "string"}}
                    }
                }
            }
        }})"},
    NamedSchema{"ShareOptions", R"({
        "type": "object",
        "properties": {
            "expires_in": {"type": ["integer", "null"], "minimum": 1, "maximum": 316224000,
                           "description": "Seconds after which the link works no more; never, when left out"},
            "snapshot": {"type": ["boolean", "null"],
                         "description": "The link shows the session as it is now, and not what comes later"}
        }})"},
    NamedSchema{"ShareLink", R"({
        "type": "object",
        "required": ["share_token"],
        "additionalProperties": false,
        "properties": {
            "share_token": {"type": "string"},
            "expires_at": {"$ref": "#/components/schemas/Time"},
            "snapshot": {"const": true}
        }})"},
    NamedSchema{"Revoked", R"({
        "type": "object",
        "required": ["status"],
        "additionalProperties": false,
        "properties": {"status": {"const": "revoked"}}})"},
    NamedSchema{"ControlTaken", R"({
        "type": "object",
        "required": ["message", "session_id", "admin_id"],
        "additionalProperties": false,
        "properties": {
            "message": {"type": "string"},
            "session_id": {"type": "string"},
            "admin_id": {"type": "string", "description": "Who asked"}
        }})"},
    NamedSchema{"Metrics", R"({
        "type": "object",
        "required": ["metrics", "time_range", "total_sessions", "active_sessions", "total_tokens",
                     "avg_response_time", "max_response_time", "admin_assisted_count", "avg_concurrent",
                     "max_concurrent"],
        "additionalProperties": false,
        "properties": {
            "metrics": {
                "type": "object",
                "required": ["TotalSessions", "ActiveSessions", "TotalTokens", "AvgResponseTime",
                             "MaxResponseTime", "AdminAssistedCount"],
                "additionalProperties": {"type": "integer", "minimum": 0}
            },
            "time_range": {
                "type": "object",
                "required": ["start", "end"],
                "additionalProperties": false,
                "properties": {
                    "start": {"type": "string", "format": "date-time"},
                    "end": {"type": "string", "format": "date-time"}
                }
            },
            "total_sessions": {"type": "integer", "minimum": 0},
            "active_sessions": {"type": "integer", "minimum": 0},
            "total_tokens": {"type": "integer", "minimum": 0},
            "avg_response_time": {"type": "integer", "minimum": 0, "description": "Milliseconds"},
            "max_response_time": {"type": "integer", "minimum": 0, "description": "Milliseconds"},
            "admin_assisted_count": {"type": "integer", "minimum": 0},
            "avg_concurrent": {"type": "number", "minimum": 0, "description": "Sessions open at once, over time"},
            "max_concurrent": {"type": "integer", "minimum": 0}
        }})"},
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
