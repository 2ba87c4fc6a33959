#pragma once

namespace hexgen {

// Code holds SI base units: bytes, seconds, FLOP/s. GB = 1e9 bytes, GiB = 2^30 bytes.
inline constexpr double kKilo = 1e3;
inline constexpr double kMega = 1e6;
inline constexpr double kGiga = 1e9;
inline constexpr double kTera = 1e12;
inline constexpr double kMilli = 1e-3;
inline constexpr double kMicro = 1e-6;
inline constexpr double kMiB = 1024.0 * 1024.0;
inline constexpr double kGiB = 1024.0 * kMiB;
inline constexpr double kSecondsPerHour = 3600.0;

}  // namespace hexgen
