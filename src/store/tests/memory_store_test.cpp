#include "store/memory_store.h"

#include "store/conformance/store_conformance.h"

namespace chatbox::store::conformance {

namespace {

class MemoryBackend final : public Backend {
public:
    Store& store() override { return *store_; }

private:
    std::unique_ptr<MemoryStore> store_ = make_memory_store();
};

const Adapter memory{"Memory", [] { return std::make_unique<MemoryBackend>(); }};

}  // namespace

CHATBOX_STORE_CONFORMANCE(Memory, testing::Values(memory));

namespace {

TEST(MemoryStore, FailsTheNextWritesOnDemandAndChangesNothing) {
    auto owned = make_memory_store();
    MemoryStore& store = *owned;
    Caller call(std::move(owned));
    const UserId alice("alice");
    const AcceptMessage question = question_of(alice);
    const Accepted accepted = call.accept(question).value();

    store.fail_next(3, {Errc::unavailable, "the disk is full"});
    EXPECT_EQ(refusal(call.ping()), Errc::unavailable);
    EXPECT_EQ(call.accept(message_of(alice)).error().detail, "the disk is full");
    EXPECT_EQ(refusal(call.finish(finish_of(question.turn))), Errc::unavailable);
    EXPECT_EQ(call.session(accepted.session.id).value(), accepted.session);  // a read is not a write
    EXPECT_EQ(refusal(call.end(accepted.session.id, alice, noon)), Errc::unavailable);

    EXPECT_TRUE(call.ping());
    EXPECT_EQ(call.session(accepted.session.id).value(), accepted.session);
    EXPECT_EQ(call.finish(finish_of(question.turn)).value().event.seq, 2U);
}

TEST(MemoryStore, IsAFreshWorldEachTime) {
    Caller one(make_memory_store());
    Caller other(make_memory_store());
    ASSERT_TRUE(one.accept(message_of(UserId("alice"))));
    EXPECT_TRUE(other.all_sessions(10, 0).empty());
}

}  // namespace
}  // namespace chatbox::store::conformance
