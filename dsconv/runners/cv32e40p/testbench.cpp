// One core and its memory: runs an image from address 0, and keeps what the memory holds in the end.
//
//     testbench IMAGE RESULT CLOCKS STALLS SEED
//
// Memory answers in the clock behind the request. STALLS percent of requests wait for their grant, and of answers
// come a clock later, for each of which the dice are thrown again. A word stored to MARK prints the clock; one
// stored to EXIT ends the run, with 0 as success.

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <random>
#include <vector>

#include "Vcv32e40p_core.h"
#include "verilated.h"

namespace {

constexpr uint32_t MEMORY_BYTES = 4u << 20;
constexpr uint32_t MARK = 0xF0000000u;
constexpr uint32_t EXIT = 0xF0000004u;

std::vector<uint8_t> memory(MEMORY_BYTES);

class Dice {
 public:
  Dice(unsigned percent, unsigned seed) : percent_(percent), random_(seed) {}
  bool stalls() { return percent_ != 0 && random_() % 100 < percent_; }

 private:
  unsigned percent_;
  std::mt19937 random_;
};

// Answers in the order of requests.
class Port {
 public:
  explicit Port(Dice &dice) : dice_(dice) {}

  void begin_clock() {
    grant = !dice_.stalls();
    valid = !answers_.empty() && !dice_.stalls();
    data = valid ? answers_.front() : 0;
  }

  void end_clock() {
    if (valid) answers_.pop_front();
  }

  void answer(uint32_t word) { answers_.push_back(word); }

  bool grant = false, valid = false;
  uint32_t data = 0;

 private:
  Dice &dice_;
  std::deque<uint32_t> answers_;
};

uint8_t *word_at(uint32_t address) {
  if (address >= MEMORY_BYTES) {
    std::printf("no memory at 0x%x\n", address);
    std::exit(1);
  }
  return &memory[address & ~3u];
}

uint32_t load(uint32_t address) {
  uint32_t word;
  std::memcpy(&word, word_at(address), sizeof word);
  return word;
}

void store(uint32_t address, uint32_t enabled, uint32_t word) {
  uint8_t *bytes = word_at(address);
  for (int lane = 0; lane < 4; lane++)
    if (enabled >> lane & 1) bytes[lane] = uint8_t(word >> 8 * lane);
}

}  // namespace

int main(int, char **argv) {
  const char *image = argv[1], *result = argv[2];
  const long clocks = std::atol(argv[3]);
  Dice dice(unsigned(std::atoi(argv[4])), unsigned(std::atoi(argv[5])));

  std::FILE *file = std::fopen(image, "rb");
  if (!file) return std::perror(image), 1;
  std::fread(memory.data(), 1, memory.size(), file);
  std::fclose(file);

  VerilatedContext context;
  Vcv32e40p_core core(&context);
  core.pulp_clock_en_i = 1;
  core.mtvec_addr_i = 0x100;

  Port instructions(dice), data(dice);
  bool ended = false;
  uint32_t status = 1;
  for (long clock = 0; clock < clocks && !ended; clock++) {
    core.rst_ni = clock >= 4;
    core.fetch_enable_i = clock >= 8;
    instructions.begin_clock();
    data.begin_clock();
    core.instr_gnt_i = instructions.grant;
    core.instr_rvalid_i = instructions.valid;
    core.instr_rdata_i = instructions.data;
    core.data_gnt_i = data.grant;
    core.data_rvalid_i = data.valid;
    core.data_rdata_i = data.data;
    core.clk_i = 0;
    core.eval();
    instructions.end_clock();
    data.end_clock();
    if (core.rst_ni && core.instr_req_o && instructions.grant) instructions.answer(load(core.instr_addr_o));
    if (core.rst_ni && core.data_req_o && data.grant) {
      const uint32_t address = core.data_addr_o, word = core.data_wdata_o;
      if (!core.data_we_o) {
        data.answer(load(address));
      } else {
        data.answer(0);
        if (address == MARK) {
          std::printf("%ld\n", clock);
        } else if (address == EXIT) {
          ended = true;
          status = word;
        } else {
          store(address, core.data_be_o, word);
        }
      }
    }
    core.clk_i = 1;
    core.eval();
  }
  if (!ended) return std::printf("not done after %ld clocks\n", clocks), 1;
  if (status) return std::printf("the program ended with %u\n", status), 1;

  file = std::fopen(result, "wb");
  if (!file || std::fwrite(memory.data(), 1, memory.size(), file) != memory.size() || std::fclose(file))
    return std::perror(result), 1;
  return 0;
}
