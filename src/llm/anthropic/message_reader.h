#pragma once
#include <string>

#include "llm/vendor/event_reader.h"
#include "llm/vendor/json_reader.h"

namespace chatbox::llm::anthropic {

// Reads the events of one streamed message, by the `type` inside the data, or one whole message.
class MessageReader final : public vendor::EventReader {
public:
    const vendor::VendorEvent* read(std::string_view json) override;
    std::string_view missing_answer() const override { return "no content in response"; }

private:
    void read_whole(const boost::json::object& message);
    void read_error(const boost::json::object& object);
    void read_usage(const boost::json::object& usage);

    vendor::JsonReader json_;
    vendor::VendorEvent event_;
    std::string text_;  // of the blocks of a whole message
    // As far as the events have said. Counts of a later event are running totals, not additions.
    std::optional<std::uint64_t> input_, cache_creation_, cache_read_, output_;
};

}  // namespace chatbox::llm::anthropic
