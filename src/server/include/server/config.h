#pragma once
// Everything that can be set, as plain values with their defaults. What each setting is called, what it means
// and what it may be is told once, in config_table.h; docs/configuration.md is generated from there.
// A class takes its own part of this (or its own Limits), never the whole.
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"

namespace chatbox::server {

using base::Millis;

// A configured model: the id is what clients choose by, the model is the vendor's name for it.
struct ProviderConfig {
    std::string id;
    std::string name;
    std::string type;                // openai, anthropic, dify or demo
    std::string endpoint;            // absolute http(s) URL; empty for demo
    std::string api_key;             // may be empty for demo, and for openai at an internal http endpoint
    std::string model;               // may be empty
    std::string auth_header = {};    // that carries the key; empty: the vendor's usual one
    std::string system_prompt = {};  // in front of the general one
    double temperature = -1;         // below zero: the vendor's default
    std::size_t max_tokens = 0;      // of an answer; 0: the vendor's default
    std::string extra_body = {};     // a JSON object; empty: none
    std::vector<std::string> extra_headers = {};  // "Name: value"
    bool stream = true;                           // false: asks for the whole answer at once
    std::vector<std::string> fallback = {};       // ids of models that stand in, in order
};

struct S3SourceConfig {
    std::string name, endpoint, key, pass, region;
    std::string bucket;  // environment only; TOML names it at the upload type
    bool path_style = false;
};

struct UploadTypeConfig {
    std::string entry_name = "uploads";
    std::string prefix = "/chat-files";
    std::string tmp_path = "./temp/uploads";
    std::size_t max_size = 100UL * 1024 * 1024;
    std::string storage_type = "s3", storage_target, storage_bucket = "chat-files";
};

struct SesConfig {
    std::string name, access_key_id, secret_access_key, region, from, from_name;
};

struct SmtpConfig {
    std::string name, host, user, pass, from, from_name;
    std::uint16_t port = 587;
};

struct MockMailConfig {
    std::string name;
    bool verbose = false;
};

// After check_config() without mistakes every value is within the range that the table names.
struct Config {
    // Set by `chatbox dev` only: listens on loopback, any origin may connect.
    bool development = false;

    struct Server {
        std::string host = "0.0.0.0";          // an IP address, or a name that resolves to one
        std::uint16_t port = 8080;             // 0: any free port
        std::string path_prefix = "/chatbox";  // starts with /, does not end with one; empty: the root
        std::size_t threads = 0;  // of the network; check_config() puts the number of cores for 0
        Millis shutdown_timeout{30'000};
        std::uint16_t static_port = 3333;  // accepted, never used: the pages come from the server itself
    } server;

    struct Auth {
        std::string jwt_secret;                 // raw bytes; signs and verifies; empty: public keys only
        std::vector<std::string> more_secrets;  // verify
        std::vector<std::string> issuers, audiences;  // empty: not looked at
        Millis leeway{0};
        Millis token_warning{60'000};
        std::string jwks_url, jwks_file;  // empty: none
        Millis jwks_refresh{300'000};
        Millis jwks_min_interval{10'000};  // not more than jwks_refresh
        Millis jwks_timeout{5'000};
        std::size_t jwks_max_size = 256 * 1024;  // bytes
        Millis ticket_lifetime{30'000};
        std::size_t tickets_per_user = 20;
        std::size_t max_tickets = 100'000;

        bool has_public_keys() const { return !jwks_url.empty() || !jwks_file.empty(); }
    } auth;

    struct Web {
        // Origins as browsers send them: scheme://host[:port], lower case, no default port. Empty: the
        // server's own.
        std::vector<std::string> allowed_origins;
        bool require_origins = false;  // `serve` does not start without allowed_origins
        std::vector<std::string> cors_allowed_origins;
        std::vector<std::string> frame_ancestors{"'self'"};  // sources of the CSP directive
        std::vector<std::string> trusted_proxies{"10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16",
                                                 "127.0.0.0/8", "::1/128"};
        std::vector<std::string> metrics_allowed_networks{"10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16",
                                                          "127.0.0.0/8", "::1/128"};
    } web;

    struct Http {
        Millis read_timeout{15'000};         // of one request, from its first byte
        Millis idle_timeout{120'000};        // between two requests of a connection
        Millis write_timeout{120'000};       // of one answer
        std::size_t max_body = 1024 * 1024;  // bytes
    } http;

    struct WebSocket {
        std::size_t max_message_size = 1'048'576;  // bytes, over all fragments
        std::size_t read_buffer_size = 1024;
        std::size_t write_buffer_size = 1024;
        Millis pong_wait{60'000};    // silence after which the peer is gone
        Millis ping_period{54'000};  // less than pong_wait
        Millis write_wait{10'000};   // for one write
    } websocket;

    struct Limits {
        std::size_t max_connections = 10'000;      // WebSockets of the process
        std::size_t max_http_connections = 1'024;  // besides
        std::size_t max_connections_per_user = 10;
        std::size_t rate_limit = 100;  // messages of a user in rate_window
        Millis rate_window{60'000};
        // Frames of any kind, in a minute: of a connection, of a user on all of them.
        std::size_t frame_rate_limit = 6'000;
        std::size_t user_frame_rate_limit = 12'000;
        // HTTP requests in a window: of a client address, of a user, of an administrator.
        std::size_t public_rate_limit = 60;
        Millis public_rate_window{60'000};
        std::size_t user_rate_limit = 3'000;
        Millis user_rate_window{60'000};
        std::size_t admin_rate_limit = 20;
        Millis admin_rate_window{60'000};
        // Of a client address: WebSocket handshakes, tokens that are not valid.
        std::size_t handshake_rate_limit = 600;
        Millis handshake_rate_window{60'000};
        std::size_t bad_token_limit = 100;
        Millis bad_token_window{60'000};
        Millis rate_limit_cleanup_interval{300'000};
        std::size_t outbox_bytes = 1024 * 1024;  // unsent bytes of a connection, hard bound
        std::size_t pending_frames = 64;         // frames of a connection that wait or are in work
    } limits;

    struct Chat {
        std::size_t history_messages = 200;  // given to the model, newest kept
        std::size_t history_bytes = 256 * 1024;
        std::size_t max_answer_bytes = 4 * 1024 * 1024;
        Millis checkpoint_interval{500};  // a running answer is saved this often
        std::string system_prompt;        // empty: none
        Millis reconnect_timeout{900'000};
        Millis session_ttl{900'000};
        Millis session_cleanup_interval{300'000};
    } chat;

    struct Llm {
        std::vector<ProviderConfig> providers;  // the first one is the default model
        Millis stream_timeout{120'000};         // a whole answer
        Millis connect_timeout{10'000};
        Millis first_token_timeout{30'000};
        Millis silence_timeout{60'000};  // between two pieces
        std::size_t retry_attempts = 3;  // of one model for one answer, the first included
        Millis retry_delay{1'000};       // before the second attempt; doubles
        Millis retry_max_delay{30'000};
        Millis retry_after_max{30'000};     // a vendor that asks for more is not waited for
        std::size_t breaker_failures = 30;  // in a row; 0: off
        Millis breaker_pause{5'000};
        std::size_t drain_bytes = 1024 * 1024;  // of an answer that was stopped; 0: off
        Millis drain_timeout{10'000};
        std::vector<std::string> internal_hosts;  // may have private addresses
        double demo_tokens_per_second = 40;
    } llm;

    // What is between us and other hosts.
    struct Outbound {
        std::string http_proxy, https_proxy, all_proxy;  // http://host:port; empty: none
        std::vector<std::string> no_proxy;
    } outbound;

    struct Storage {
        std::string data_dir = "./data";
        std::optional<std::string> encryption_key;  // 32 raw bytes
    } storage;

    struct Mongo {
        std::string uri;
        std::string database = "chat";
        std::string collection = "sessions";
        std::string username, password;
        Millis connect_timeout{10'000};
        std::size_t verbose = 1;
        double slow_threshold = 2;  // seconds
        std::size_t retry_attempts = 3;
        Millis retry_delay{100};
        Millis retry_max_delay{2'000};
    } mongo;

    struct Redis {
        std::string url;
    } redis;

    struct Uploads {
        std::string site = "CHAT";
        std::vector<S3SourceConfig> s3;
        std::vector<UploadTypeConfig> types;
        S3SourceConfig env_s3;      // the S3_* variables: one source
        UploadTypeConfig env_type;  // the UPLOAD_* variables
    } uploads;

    struct Notify {
        std::vector<std::string> admin_emails;
        std::vector<std::string> admin_phones;
        std::string admin_panel_url;
        std::string sms_provider = "twilio", sms_account_sid, sms_auth_token, sms_from, sms_api_key;
        std::string mail_from_name, mail_reply_to, mail_admin;
        std::vector<SesConfig> ses;
        std::vector<SmtpConfig> smtp;
        std::vector<MockMailConfig> mock;
        SesConfig env_ses;    // the SES_* variables
        SmtpConfig env_smtp;  // the SMTP_* variables
    } notify;

    struct Log {
        std::string dir;             // empty: no files
        std::string level = "info";  // debug, info, warn, warning, error or fatal
        bool console = true;         // JSON lines on stderr
        std::string info_file = "info.log", warn_file = "warn.log", error_file = "error.log";
    } log;

    struct Kubernetes {  // accepted, never used
        std::string name_space = "default", service_name = "chatbox-websocket";
        std::string config_map_name = "chatbox-config", secret_name = "chatbox-secrets";
        bool enable_probe = true;
    } kubernetes;

    struct Features {
        bool voice_messages = true, file_uploads = true, admin_takeover = true, help_requests = true,
             metrics = true;
    } features;
};

}  // namespace chatbox::server
