#include "wire/client_frame.h"

#include <algorithm>
#include <array>
#include <boost/json/monotonic_resource.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <charconv>
#include <optional>

#include "base/text.h"
#include "wire/file_url.h"

namespace chatbox::wire {

namespace json = boost::json;

namespace {

// A JSON value has a type that its key does not allow: the whole frame is not a frame.
struct WrongType {};

char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool same_key(std::string_view a, std::string_view b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) { return lower(x) == y; });
}

// Removes NULs and the white space at both ends.
std::string cleaned(std::string_view text) {
    if (text.find('\0') == std::string_view::npos) return std::string(base::trim_unicode(text));
    std::string kept(text);
    std::erase(kept, '\0');
    return std::string(base::trim_unicode(kept));
}

// The envelope as it was read, before any rule is applied.
struct Envelope {
    std::string type;
    std::string session_id, content, file_id, file_url, model_id, client_id, sender;
    std::string timestamp, token;
    model::Metadata metadata;
    bool active = true;
};

std::string text_of(const json::value& value) {
    if (value.is_null()) return {};
    if (!value.is_string()) throw WrongType{};
    return std::string(value.get_string());
}

std::string scalar_of(const json::value& value) {
    if (value.is_string()) return cleaned(value.get_string());
    if (value.is_double()) {
        std::array<char, 32> digits{};  // the shortest form that reads back the same
        return {digits.data(),
                std::to_chars(digits.data(), digits.data() + digits.size(), value.get_double()).ptr};
    }
    if (value.is_number() || value.is_bool()) return json::serialize(value);
    throw WrongType{};
}

model::Metadata metadata_of(const json::value& value) {
    model::Metadata out;
    if (value.is_null()) return out;
    if (!value.is_object()) throw WrongType{};
    for (const auto& [key, entry] : value.get_object()) {
        if (!entry.is_null()) out[cleaned(key)] = scalar_of(entry);
    }
    return out;
}

Envelope read_envelope(const json::object& object) {
    Envelope envelope;
    const std::array<std::pair<std::string_view, std::string Envelope::*>, 7> cleaned_texts{
        {{"session_id", &Envelope::session_id},
         {"content", &Envelope::content},
         {"file_id", &Envelope::file_id},
         {"file_url", &Envelope::file_url},
         {"model_id", &Envelope::model_id},
         {"client_id", &Envelope::client_id},
         {"token", &Envelope::token}}};
    for (const auto& [key, value] : object) {
        if (same_key(key, "type")) envelope.type = text_of(value);
        if (same_key(key, "sender")) envelope.sender = text_of(value);
        if (same_key(key, "timestamp")) envelope.timestamp = text_of(value);
        if (same_key(key, "metadata")) envelope.metadata = metadata_of(value);
        if (same_key(key, "active") && !value.is_null()) {
            if (!value.is_bool()) throw WrongType{};
            envelope.active = value.get_bool();
        }
        for (const auto& [name, member] : cleaned_texts) {
            if (same_key(key, name)) envelope.*member = cleaned(text_of(value));
        }
    }
    return envelope;
}

bool within_limits(const Envelope& e, const FrameLimits& limits) {
    if (e.session_id.size() > limits.session_id || e.content.size() > limits.content ||
        e.file_id.size() > limits.file_id || e.file_url.size() > limits.file_url ||
        e.model_id.size() > limits.model_id || e.client_id.size() > limits.client_id ||
        e.token.size() > limits.token || e.metadata.size() > limits.metadata_entries) {
        return false;
    }
    return std::all_of(e.metadata.begin(), e.metadata.end(), [&](const auto& entry) {
        return entry.first.size() <= limits.metadata_key && entry.second.size() <= limits.metadata_value;
    });
}

// Types that the contract knows but that a client may not send are answered like unknown ones.
std::optional<ClientFrameType> type_from(std::string_view name) {
    constexpr std::array<std::pair<std::string_view, ClientFrameType>, 8> types{
        {{"user_message", ClientFrameType::user_message},
         {"file_upload", ClientFrameType::file_upload},
         {"voice_message", ClientFrameType::voice_message},
         {"help_request", ClientFrameType::help_request},
         {"model_select", ClientFrameType::model_select},
         {"stop", ClientFrameType::stop},
         {"typing", ClientFrameType::typing},
         {"auth_refresh", ClientFrameType::auth_refresh}}};
    const auto* const found =
        std::find_if(types.begin(), types.end(), [&](const auto& type) { return type.first == name; });
    if (found == types.end()) return std::nullopt;
    return found->second;
}

// What a type needs beside the envelope (contract table 4.2; the last one is ours).
std::optional<Fault> broken_rule_of_type(const Envelope& e) {
    const bool has_file = e.type == "file_upload" || e.type == "voice_message";
    const bool is_complete = !(e.type == "user_message" && e.content.empty()) &&
                             !(has_file && (e.file_id.empty() || e.file_url.empty())) &&
                             !(e.type == "model_select" && e.model_id.empty()) &&
                             !(e.type == "help_request" && !e.sender.empty() && e.sender != "user") &&
                             !(e.type == "auth_refresh" && e.token.empty());
    if (!is_complete) return Fault::failed_validation();
    if (!type_from(e.type)) return Fault::unknown_type(e.type);
    if (has_file && !is_public_https_url(e.file_url)) return Fault::invalid_file_url();
    return std::nullopt;
}

std::optional<Fault> broken_rule(const Envelope& e, const FrameLimits& limits, base::Time now) {
    if (!e.timestamp.empty()) {
        const auto at = base::parse_rfc3339(e.timestamp);
        if (!at) return Fault::invalid_message();
        if (*at > now + limits.clock_skew) return Fault::failed_validation();
    }
    if (e.type.empty() || !within_limits(e, limits)) return Fault::failed_validation();
    if (!e.sender.empty() && !model::sender_from(e.sender)) return Fault::failed_validation();
    return broken_rule_of_type(e);
}

}  // namespace

std::variant<ClientFrame, RefusedFrame> parse_client_frame(std::string_view bytes, const FrameLimits& limits,
                                                           base::Time now) {
    boost::system::error_code ec;
    // One allocation serves the usual frame; larger ones chain further blocks.
    std::array<unsigned char, 4096> block;  // NOLINT: filled by the resource
    json::monotonic_resource memory(block.data(), block.size());
    const json::value value = json::parse(bytes, ec, &memory);
    if (ec || !value.is_object()) return RefusedFrame{Fault::invalid_message(), {}};
    try {
        Envelope e = read_envelope(value.get_object());
        model::ClientId client_id(e.client_id.size() <= limits.client_id ? std::move(e.client_id) : "");
        if (auto fault = broken_rule(e, limits, now)) return RefusedFrame{std::move(*fault), client_id};
        ClientFrame frame;
        frame.type = *type_from(e.type);
        frame.session = model::SessionId(std::move(e.session_id));
        frame.content = std::move(e.content);
        frame.model = model::ModelId(std::move(e.model_id));
        frame.client_id = std::move(client_id);
        frame.metadata = std::move(e.metadata);
        frame.file_id = std::move(e.file_id);
        frame.file_url = std::move(e.file_url);
        frame.sender = model::sender_from(e.sender).value_or(model::Sender::user);
        frame.active = e.active;
        frame.token = std::move(e.token);
        return frame;
    } catch (const WrongType&) {
        return RefusedFrame{Fault::invalid_message(), {}};
    }
}

}  // namespace chatbox::wire
