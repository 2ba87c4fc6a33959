#include "runner/comm/rendezvous_host.h"

#include <array>
#include <random>

#include "profiles/errors.h"
#include "profiles/names.h"
#include "runner/comm/reception.h"
#include "runner/comm/rendezvous_message.h"

namespace hexgen {
namespace {

constexpr std::chrono::seconds kFarewell(1);

std::string random_token() {
  std::random_device device;
  std::string token;
  for (int word = 0; word < 4; ++word) {
    token += std::to_string(device()) + '-';
  }
  return token;
}

std::string value_of(const std::string& name, const std::vector<Agreement>& agreements) {
  for (const Agreement& agreement : agreements) {
    if (agreement.name == name) {
      return agreement.value;
    }
  }
  return "";
}

class Host {
 public:
  explicit Host(const Meeting& meeting)
      : meeting_(meeting),
        reception_(listen_on(meeting.address)),
        guests_(meeting.nodes.size()),
        addresses_(meeting.nodes.size()) {}

  std::vector<Socket> receive_all() {
    try {
      gather();
      welcome();
    } catch (const std::exception& error) {
      refuse_all(error);
      throw;
    }
    return std::move(guests_);
  }

 private:
  void gather();
  void admit(Visitor visitor);
  void check(const JoinRequest& request) const;
  void welcome();
  void refuse_all(const std::exception& error);
  std::vector<std::string> missing() const;

  std::string place(std::size_t process) const {
    return "node " + meeting_.nodes[process] + " (process " + std::to_string(process) + ")";
  }

  const Meeting& meeting_;
  Reception reception_;
  std::vector<Socket> guests_;  // by process
  std::vector<std::string> addresses_;
};

void Host::gather() {
  const Deadline deadline = std::chrono::steady_clock::now() + meeting_.patience;
  const auto departed = [this](std::size_t process) {
    throw DeviceError(place(process) + " left the rendezvous at " + meeting_.address.text());
  };
  while (!missing().empty()) {
    std::optional<Visitor> visitor = reception_.next(deadline, guests_, departed);
    if (!visitor) {
      throw DeviceError("not at the rendezvous at " + meeting_.address.text() + " within " +
                        std::to_string(meeting_.patience.count()) + " ms: " + join(missing()));
    }
    admit(*std::move(visitor));
  }
}

std::vector<std::string> Host::missing() const {
  std::vector<std::string> places;
  for (std::size_t process = 1; process < guests_.size(); ++process) {
    if (!guests_[process]) {
      places.push_back(place(process));
    }
  }
  return places;
}

void Host::admit(Visitor visitor) {
  try {
    const JoinRequest request = join_request_from(visitor.frame);
    check(request);
    const auto process = static_cast<std::size_t>(request.process);
    addresses_[process] = Address{peer_address(visitor.socket).host, request.port}.text();
    guests_[process] = std::move(visitor.socket);
  } catch (const InputError& error) {
    refuse(visitor.socket, error, std::chrono::steady_clock::now() + kFarewell);
    throw;
  } catch (const DeviceError&) {
    return;  // not one of ours: whoever it was, the meeting goes on
  }
}

void Host::check(const JoinRequest& request) const {
  const std::string who =
      "node " + request.node + " (process " + std::to_string(request.process) + ")";
  for (const Agreement& ours : meeting_.agreements) {
    const std::string theirs = value_of(ours.name, request.agreements);
    if (theirs != ours.value) {
      throw InputError(who + " and " + place(0) + " differ in the " + ours.name + ": '" + theirs +
                       "' and '" + ours.value + "'");
    }
  }
  const auto count = static_cast<int>(guests_.size());
  if (request.num_processes != count) {
    throw InputError(who + " is one of " + std::to_string(request.num_processes) + " processes, " +
                     place(0) + " one of " + std::to_string(count));
  }
  if (request.process < 1 || request.process >= count) {
    throw InputError(who + ": expected a process from 1 to " + std::to_string(count - 1));
  }
  if (guests_[static_cast<std::size_t>(request.process)]) {
    throw InputError("two processes say that they are " + who);
  }
}

void Host::welcome() {
  const Deadline deadline = std::chrono::steady_clock::now() + kFarewell;
  const auto payload = pack_texts(to_texts(Welcome{random_token(), addresses_}));
  for (std::size_t process = 1; process < guests_.size(); ++process) {
    try {
      send_frame(guests_[process], FrameKind::kWelcome, payload, deadline);
    } catch (const DeviceError& error) {
      throw DeviceError(place(process) + " left the rendezvous: " + error.what());
    }
  }
}

void Host::refuse_all(const std::exception& error) {
  const Deadline deadline = std::chrono::steady_clock::now() + kFarewell;
  for (const Socket& guest : guests_) {
    if (guest) {
      refuse(guest, error, deadline);
    }
  }
}

}  // namespace

std::vector<Socket> receive_guests(const Meeting& meeting) {
  return Host(meeting).receive_all();
}

}  // namespace hexgen
