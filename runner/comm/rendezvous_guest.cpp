#include "runner/comm/rendezvous_guest.h"

#include <algorithm>
#include <thread>

#include "profiles/errors.h"
#include "profiles/names.h"
#include "runner/comm/reception.h"
#include "runner/comm/rendezvous_message.h"

namespace hexgen {
namespace {

using std::chrono::steady_clock;

constexpr std::chrono::milliseconds kRetryInterval(50);

/// Everybody is there by now. Shorter than the silence after which process 0, which does not wait
/// for us, takes us for dead.
constexpr std::chrono::milliseconds kCallPatience(2000);

class Guest {
 public:
  explicit Guest(const Meeting& meeting)
      : meeting_(meeting),
        links_(meeting.nodes.size()) {}

  std::vector<Socket> join();

 private:
  Socket reach_host(Deadline deadline) const;
  Welcome ask(int port, Deadline deadline) const;
  void connect_all(const Welcome& welcome, Reception& reception);
  void call_on(std::size_t process, const Welcome& welcome, Deadline deadline);
  void answer(Visitor visitor, const std::string& token);
  std::vector<std::string> missing() const;
  void tell_linked(const std::string& reason) const;

  const Meeting& meeting_;
  std::vector<Socket> links_;  // by process
};

std::vector<Socket> Guest::join() {
  const Deadline deadline = steady_clock::now() + meeting_.patience;
  links_[0] = reach_host(deadline);
  Reception reception(listen_on({local_address(links_[0]).host, 0}));
  const Welcome welcome = ask(local_address(reception.listener()).port, deadline);
  connect_all(welcome, reception);
  return std::move(links_);
}

Socket Guest::reach_host(Deadline deadline) const {
  while (steady_clock::now() < deadline) {
    if (std::optional<Socket> socket = connect_to(meeting_.address, deadline)) {
      return *std::move(socket);
    }
    std::this_thread::sleep_for(kRetryInterval);
  }
  throw DeviceError("nobody at the rendezvous at " + meeting_.address.text() + " within " +
                    std::to_string(meeting_.patience.count()) + " ms: node " + meeting_.nodes[0] +
                    " (process 0) is missing");
}

Welcome Guest::ask(int port, Deadline deadline) const {
  const JoinRequest request = {.process = meeting_.process,
                               .num_processes = static_cast<int>(meeting_.nodes.size()),
                               .port = port,
                               .node = meeting_.nodes[static_cast<std::size_t>(meeting_.process)],
                               .agreements = meeting_.agreements};
  Frame answer;
  try {
    send_frame(links_[0], FrameKind::kJoin, pack_texts(to_texts(request)), deadline);
    answer = receive_frame(links_[0], deadline);
  } catch (const DeviceError& error) {
    throw DeviceError("the rendezvous at " + meeting_.address.text() + " failed: " + error.what());
  }
  if (answer.header.kind == FrameKind::kRefusal) {
    throw_refusal(answer);
  }
  Welcome welcome = welcome_from(answer);
  if (welcome.addresses.size() != links_.size()) {
    throw DeviceError("the rendezvous names another number of processes");
  }
  return welcome;
}

void Guest::connect_all(const Welcome& welcome, Reception& reception) {
  const Deadline deadline = steady_clock::now() + kCallPatience;
  try {
    for (std::size_t process = 1; process < static_cast<std::size_t>(meeting_.process); ++process) {
      call_on(process, welcome, deadline);
    }
    while (!missing().empty()) {
      std::optional<Visitor> visitor = reception.next(deadline, {}, {});
      if (!visitor) {
        throw DeviceError("no connection within " + std::to_string(kCallPatience.count()) +
                          " ms: " + hexgen::join(missing()));
      }
      answer(*std::move(visitor), welcome.token);
    }
  } catch (const DeviceError& error) {
    const std::string reason =
        "node " + meeting_.nodes[static_cast<std::size_t>(meeting_.process)] + ": " + error.what();
    tell_linked(reason);
    throw DeviceError(reason);
  }
}

void Guest::call_on(std::size_t process, const Welcome& welcome, Deadline deadline) {
  const Address address = parse_address(welcome.addresses[process]);
  std::optional<Socket> socket = connect_to(address, deadline);
  if (!socket) {
    throw DeviceError("cannot connect to node " + meeting_.nodes[process] + " at " +
                      address.text());
  }
  const Call call = {.token = welcome.token, .process = meeting_.process};
  send_frame(*socket, FrameKind::kCall, pack_texts(to_texts(call)), deadline);
  links_[process] = *std::move(socket);
}

void Guest::answer(Visitor visitor, const std::string& token) {
  try {
    const Call call = call_from(visitor.frame);
    if (call.token == token && call.process > meeting_.process &&
        call.process < static_cast<int>(links_.size())) {
      links_[static_cast<std::size_t>(call.process)] = std::move(visitor.socket);
    }
  } catch (const DeviceError&) {
    return;  // not one of ours
  }
}

std::vector<std::string> Guest::missing() const {
  std::vector<std::string> names;
  for (std::size_t process = 0; process < links_.size(); ++process) {
    if (!links_[process] && process != static_cast<std::size_t>(meeting_.process)) {
      names.push_back("node " + meeting_.nodes[process]);
    }
  }
  return names;
}

void Guest::tell_linked(const std::string& reason) const {
  const Deadline deadline = steady_clock::now() + std::chrono::milliseconds(200);
  for (const Socket& link : links_) {
    try {
      if (link) {
        send_frame(link, FrameKind::kAbort, std::as_bytes(std::span(reason)), deadline);
        end_sending(link);
      }
    } catch (const DeviceError&) {
      continue;  // gone, and so told already
    }
  }
}

}  // namespace

std::vector<Socket> join_meeting(const Meeting& meeting) {
  return Guest(meeting).join();
}

}  // namespace hexgen
