#include "upgrade.h"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "base/text.h"
#include "origin.h"
#include "token_check.h"

namespace chatbox::net {

namespace {

constexpr std::string_view bearer = "Bearer ";

HttpAnswer refusal(unsigned status, std::string text) {
    HttpAnswer answer;
    answer.status = status;
    answer.content_type = "text/plain; charset=utf-8";
    answer.body = std::move(text) + "\n";
    return answer;
}

HttpAnswer bad_handshake() {
    HttpAnswer answer = refusal(400, "Bad Request");
    answer.headers.emplace_back("Sec-WebSocket-Version", "13");
    return answer;
}

std::string_view trimmed(std::string_view text) {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
    return text;
}

bool looks_like_token(std::string_view value) {
    return std::count(value.begin(), value.end(), '.') == 2 && value.size() > 20;
}

// A key is 16 bytes in base64: 24 characters, of which the last two are padding.
bool is_valid_key(std::string_view key) {
    if (key.size() != 24 || !key.ends_with("==")) return false;
    return std::all_of(key.begin(), key.end() - 2, [](char c) {
        return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' ||
               c == '/';
    });
}

std::optional<std::uint64_t> number_of(std::string_view text) {
    std::uint64_t value = 0;
    const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (text.empty() || ec != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return value;
}

chat::Introduction introduce(const HttpRequest& request, const auth::Identity& identity) {
    constexpr std::size_t id_limit = 128;
    chat::Introduction introduction;
    introduction.user = identity.user;
    introduction.version = request.parameter("v") == "2" ? wire::Version::v2 : wire::Version::v1;
    const std::string_view session = request.parameter("session_id");
    if (session.size() <= id_limit) introduction.session = model::SessionId(std::string(session));
    introduction.after_seq = number_of(request.parameter("after_seq"));
    introduction.partial = model::MessageId(std::string(request.parameter("message_id").substr(0, id_limit)));
    introduction.offset = number_of(request.parameter("offset")).value_or(0);
    constexpr std::uint64_t merge_limit_ms = 1000;  // a person would take more for a stall
    introduction.merge_ms = static_cast<std::uint16_t>(
        std::min(number_of(request.parameter("merge")).value_or(0), merge_limit_ms));
    introduction.name = identity.name;
    introduction.admin = identity.is_admin();
    return introduction;
}

// What the client says who it is with. The first that is there counts.
struct Credential {
    enum class Kind { none, token, ticket } kind = Kind::none;
    std::string text;
};

Credential credential_of(const HttpRequest& request, const OfferedProtocol& offered) {
    using Kind = Credential::Kind;
    if (request.authorization == bearer) return {};
    if (request.authorization.starts_with(bearer))
        return {Kind::token, request.authorization.substr(bearer.size())};
    if (const auto ticket = request.parameter("ticket"); !ticket.empty())
        return {Kind::ticket, std::string(ticket)};
    if (const auto token = request.parameter("token"); !token.empty())
        return {Kind::token, std::string(token)};
    if (!offered.token.empty()) return {Kind::token, offered.token};
    return {};
}

boost::asio::awaitable<base::Result<auth::Identity>> identify(Credential credential, ServerState& state) {
    if (credential.kind != Credential::Kind::ticket)
        co_return co_await check_token(std::move(credential.text), state);
    auto identity = state.tickets.redeem(credential.text);
    if (!identity) state.log.info("auth", "ticket refused", {{"cause", identity.error().detail}});
    co_return identity;
}

}  // namespace

OfferedProtocol read_protocols(std::string_view header) {
    constexpr std::string_view ours = "chatbox";
    std::vector<std::string_view> values;
    while (!header.empty()) {
        const std::size_t comma = header.find(',');
        const std::string_view value = trimmed(header.substr(0, comma));
        header = comma == std::string_view::npos ? std::string_view() : header.substr(comma + 1);
        if (!value.empty()) values.push_back(value);
    }
    OfferedProtocol offered;
    if (values.empty()) return offered;
    // What looks like a token is one; beside our own name, whatever stands there is meant as one.
    auto token = std::find_if(values.begin(), values.end(), looks_like_token);
    const bool named = std::find(values.begin(), values.end(), ours) != values.end();
    if (token == values.end() && named) {
        token =
            std::find_if(values.begin(), values.end(), [&](std::string_view value) { return value != ours; });
    }
    if (token != values.end()) offered.token = *token;
    // A browser gives up when none of its values is chosen.
    const auto other = std::find_if(values.begin(), values.end(),
                                    [&](std::string_view value) { return value != offered.token; });
    offered.selected = other != values.end() ? *other : values.front();
    return offered;
}

std::string accept_key(std::string_view key) {
    std::string text(key);
    text += "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";  // RFC 6455 section 1.3
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned size = 0;
    EVP_Digest(text.data(), text.size(), digest.data(), &size, EVP_sha1(), nullptr);
    return base::base64_encode({reinterpret_cast<const char*>(digest.data()), size});
}

boost::asio::awaitable<std::variant<AcceptedUpgrade, HttpAnswer>> check_upgrade(HttpRequest request,
                                                                                UpgradeHeaders headers,
                                                                                ServerState& state) {
    const OfferedProtocol offered = read_protocols(headers.protocols);
    Credential credential = credential_of(request, offered);
    if (credential.kind == Credential::Kind::none) co_return refusal(401, "Missing authentication token");
    if (auto wait = state.guard.admit_handshake_token(request.client, state.clock.steady())) {
        co_return std::move(*wait);
    }
    const auto identity = co_await identify(std::move(credential), state);
    if (!identity) {
        state.guard.token_refused(request.client, state.clock.steady());
        co_return refusal(401, "Authentication failed");
    }
    if (!headers.upgrade_to_websocket || headers.version != "13") co_return bad_handshake();
    if (!origin_allowed(request.origin, {request.host, request.forwarded_host}, state.options.allowed_origins,
                        state.options.allow_any_origin)) {
        state.log.warn("websocket", "origin refused", {{"origin", request.origin}});
        co_return refusal(403, "Forbidden");
    }
    if (!is_valid_key(headers.key)) co_return bad_handshake();

    AcceptedUpgrade accepted;
    accepted.response =
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Accept: " +
        accept_key(headers.key) + "\r\n";
    if (!offered.selected.empty())
        accepted.response += "Sec-WebSocket-Protocol: " + offered.selected + "\r\n";
    accepted.response += "\r\n";
    accepted.introduction = introduce(request, *identity);
    accepted.expires = identity->expires;
    co_return accepted;
}

}  // namespace chatbox::net
