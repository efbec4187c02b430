#pragma once
#include "llm/vendor/event_reader.h"
#include "llm/vendor/json_reader.h"

namespace chatbox::llm::dify {

// Reads the events of one streamed answer, by the `event` inside the data, or one whole answer.
class EventReader final : public vendor::EventReader {
public:
    const vendor::VendorEvent* read(std::string_view json) override;
    std::string_view missing_answer() const override { return "no answer in response"; }

private:
    void read_error(const boost::json::object& object);
    void read_usage(const boost::json::object& object);

    vendor::JsonReader json_;
    vendor::VendorEvent event_;
};

}  // namespace chatbox::llm::dify
