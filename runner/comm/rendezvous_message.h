#pragma once

#include <string>
#include <vector>

#include "runner/comm/frame.h"
#include "runner/comm/rendezvous.h"
#include "runner/comm/socket.h"

namespace hexgen {

/// What a process says when it comes to the meeting.
struct JoinRequest {
  int process = 0;
  int num_processes = 0;
  int port = 0;  // where it accepts the connections of the processes behind it
  std::string node;
  std::vector<Agreement> agreements;
};

/// How process 0 lets them in.
struct Welcome {
  std::string token;                   // to be shown to the others
  std::vector<std::string> addresses;  // by process; empty for process 0
};

/// How one process calls on another after the welcome.
struct Call {
  std::string token;
  int process = 0;
};

std::vector<std::string> to_texts(const JoinRequest& request);
std::vector<std::string> to_texts(const Welcome& welcome);
std::vector<std::string> to_texts(const Call& call);

// These throw DeviceError when the frame is something else.
JoinRequest join_request_from(const Frame& frame);
Welcome welcome_from(const Frame& frame);
Call call_from(const Frame& frame);

/// Tells the process at the other end why the meeting failed; it throws the same. A process that is
/// gone already is passed over.
void refuse(const Socket& socket, const std::exception& error, Deadline deadline) noexcept;

/// Throws what refuse() sent.
[[noreturn]] void throw_refusal(const Frame& frame);

/// Both throw ConnectionLost when the other end is gone, DeviceError when the deadline passes.
void send_frame(const Socket& socket,
                FrameKind kind,
                std::span<const std::byte> payload,
                Deadline deadline);
Frame receive_frame(const Socket& socket, Deadline deadline);

}  // namespace hexgen
