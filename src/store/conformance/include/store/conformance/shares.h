#pragma once
// Links under which anybody may read a session.
#include <set>
#include <thread>

#include "store/conformance/fixture.h"

namespace chatbox::store::conformance {

class SharedSessions : public StoreConformance {
protected:
    ShareSession share_of(const SessionId& session) {
        ShareSession request;
        request.session = session;
        request.user = alice;
        request.fresh_token = base::random_hex_id();
        request.at = noon;
        return request;
    }
    Session begin() { return call().accept(message_of(alice, "one")).value().session; }
};

TEST_P(SharedSessions, AreReadUnderTheirToken) {
    const Session session = begin();
    const ShareSession request = share_of(session.id);
    const ShareLink link = call().share(request).value();
    EXPECT_TRUE(link.created);
    EXPECT_EQ(link.token, request.fresh_token);
    EXPECT_FALSE(link.expires);
    EXPECT_FALSE(link.up_to_seq);

    Session expected = session;
    expected.share_token = request.fresh_token;
    EXPECT_EQ(call().session(session.id).value(), expected);
    EXPECT_EQ(call().sessions_of(alice, 1).at(0), expected);
    EXPECT_EQ(call().shared(link.token, noon + 1000h).value().session, expected);
    EXPECT_EQ(call().shared(link.token, noon).value().up_to_seq, 1U);
    ASSERT_TRUE(call().accept(message_of(alice, "two")));  // what comes later is shown
    EXPECT_EQ(call().shared(link.token, noon).value().up_to_seq, 2U);
    ASSERT_TRUE(call().end(session.id, alice, noon));
    EXPECT_TRUE(call().shared(link.token, noon));
}

TEST_P(SharedSessions, KeepTheirLinkWhenTheyAreSharedAgain) {
    const Session session = begin();
    const ShareLink first = call().share(share_of(session.id)).value();
    ShareSession again = share_of(session.id);
    again.snapshot = true;
    again.expires = noon + 1h;
    const ShareLink second = call().share(again).value();
    EXPECT_FALSE(second.created);
    EXPECT_EQ(second.token, first.token);
    EXPECT_FALSE(second.expires);
    EXPECT_FALSE(second.up_to_seq);
    EXPECT_EQ(refusal(call().shared(again.fresh_token, noon)), Errc::not_found);
}

TEST_P(SharedSessions, HaveOneLinkHoweverManyAskAtOnce) {
    const Session session = begin();
    std::vector<std::vector<std::future<Result<ShareLink>>>> answers(6);
    std::vector<std::thread> askers;
    for (auto& mine : answers) {
        askers.emplace_back([&] {
            for (int i = 0; i < 10; ++i) mine.push_back(call().send(share_of(session.id)));
        });
    }
    for (auto& asker : askers) asker.join();
    std::set<std::string> tokens;
    int created = 0;
    for (auto& mine : answers) {
        for (auto& answer : mine) {
            const ShareLink link = Caller::wait(std::move(answer)).value();
            tokens.insert(link.token);
            created += link.created ? 1 : 0;
        }
    }
    EXPECT_EQ(tokens.size(), 1U);
    EXPECT_EQ(created, 1);
    EXPECT_EQ(call().session(session.id).value().share_token, *tokens.begin());
}

TEST_P(SharedSessions, OfASnapshotShowNothingThatCameLater) {
    const Session session = begin();
    ShareSession request = share_of(session.id);
    request.snapshot = true;
    const ShareLink link = call().share(request).value();
    EXPECT_EQ(link.up_to_seq, 1U);
    ASSERT_TRUE(call().accept(message_of(alice, "two")));
    EXPECT_EQ(call().shared(link.token, noon).value().up_to_seq, 1U);
    EXPECT_EQ(call().share(share_of(session.id)).value().up_to_seq, 1U);
}

TEST_P(SharedSessions, OfAnEmptySnapshotShowNothing) {
    ShareSession request = share_of(session_of(alice).id);
    request.snapshot = true;
    EXPECT_EQ(call().share(request).value().up_to_seq, 0U);
    ASSERT_TRUE(call().accept(message_of(alice)));
    EXPECT_EQ(call().shared(request.fresh_token, noon).value().up_to_seq, 0U);
}

TEST_P(SharedSessions, CannotBeReadOnceTheLinkHasExpired) {
    const Session session = begin();
    ShareSession request = share_of(session.id);
    request.expires = noon + 1h;
    const ShareLink link = call().share(request).value();
    EXPECT_EQ(link.expires, noon + 1h);
    EXPECT_TRUE(call().shared(link.token, noon + 1h - 1ms));
    EXPECT_EQ(refusal(call().shared(link.token, noon + 1h)), Errc::not_found);
    EXPECT_TRUE(model::is_shared(call().session(session.id).value(), noon + 1h - 1ms));
    EXPECT_FALSE(model::is_shared(call().session(session.id).value(), noon + 1h));

    ShareSession later = share_of(session.id);
    later.at = noon + 1h - 1ms;
    EXPECT_EQ(call().share(later).value().token, link.token);
    later.at = noon + 1h;
    const ShareLink next = call().share(later).value();
    EXPECT_TRUE(next.created);
    EXPECT_EQ(next.token, later.fresh_token);
    EXPECT_FALSE(next.expires);
    EXPECT_EQ(refusal(call().shared(link.token, noon)), Errc::not_found);
    EXPECT_TRUE(call().shared(next.token, noon + 1000h));
}

TEST_P(SharedSessions, CannotBeReadOnceTheLinkWasRevoked) {
    const Session session = begin();
    const ShareLink link = call().share(share_of(session.id)).value();
    for (int i = 0; i < 2; ++i) {
        EXPECT_EQ(call().revoke(session.id, alice).value(), session);
        EXPECT_EQ(call().session(session.id).value(), session);
        EXPECT_EQ(refusal(call().shared(link.token, noon)), Errc::not_found);
    }
    const ShareLink next = call().share(share_of(session.id)).value();
    EXPECT_TRUE(next.created);
    EXPECT_NE(next.token, link.token);
    EXPECT_EQ(refusal(call().shared(link.token, noon)), Errc::not_found);
    EXPECT_TRUE(call().shared(next.token, noon));
}

TEST_P(SharedSessions, AreSharedAndRevokedByTheirOwnerOnly) {
    const Session session = begin();
    ShareSession request = share_of(session.id);
    request.user = bob;
    EXPECT_EQ(refusal(call().share(request)), Errc::not_found);
    EXPECT_EQ(refusal(call().share(share_of(fresh<SessionId>()))), Errc::not_found);
    const ShareLink link = call().share(share_of(session.id)).value();
    EXPECT_EQ(refusal(call().share(request)), Errc::not_found);
    EXPECT_EQ(refusal(call().revoke(session.id, bob)), Errc::not_found);
    EXPECT_EQ(refusal(call().revoke(fresh<SessionId>(), alice)), Errc::not_found);
    EXPECT_TRUE(call().shared(link.token, noon));
}

TEST_P(SharedSessions, AreFoundUnderTheWholeTokenOnly) {
    const Session session = begin();
    const ShareLink link = call().share(share_of(session.id)).value();
    for (const std::string& token : {std::string(), link.token.substr(1), link.token + "0", link.token + " ",
                                     session.id.str(), base::random_hex_id(), std::string("%")}) {
        EXPECT_EQ(refusal(call().shared(token, noon)), Errc::not_found) << token;
    }
}

TEST_P(SharedSessions, AreNotSharedUnderWhatIsNoTokenOrHasExpired) {
    const Session session = begin();
    const std::string good(32, 'a');
    for (const std::string& token : {std::string(), good.substr(1), good + "a", std::string(32, 'g'),
                                     std::string(32, 'A'), std::string(32, '\0')}) {
        ShareSession request = share_of(session.id);
        request.fresh_token = token;
        EXPECT_EQ(refusal(call().share(request)), Errc::invalid) << token;
    }
    for (const Time expires : {noon, noon - 1ms}) {
        ShareSession request = share_of(session.id);
        request.expires = expires;
        EXPECT_EQ(refusal(call().share(request)), Errc::invalid);
    }
    EXPECT_EQ(call().session(session.id).value(), session);
}

TEST_P(SharedSessions, HaveATokenEach) {
    const ShareLink link = call().share(share_of(begin().id)).value();
    ShareSession request = share_of(session_of(bob).id);
    request.user = bob;
    request.fresh_token = link.token;
    EXPECT_EQ(refusal(call().share(request)), Errc::conflict);
    EXPECT_EQ(call().shared(link.token, noon).value().session.user, alice);
    EXPECT_EQ(session_of(bob).share_token, "");
}

}  // namespace chatbox::store::conformance
