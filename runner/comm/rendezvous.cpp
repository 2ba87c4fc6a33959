#include "runner/comm/rendezvous.h"

#include "runner/comm/rendezvous_guest.h"
#include "runner/comm/rendezvous_host.h"

namespace hexgen {

std::vector<Socket> meet(const Meeting& meeting) {
  return meeting.process == 0 ? receive_guests(meeting) : join_meeting(meeting);
}

}  // namespace hexgen
