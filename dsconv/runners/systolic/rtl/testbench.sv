// Plays a file of stimuli, a line a clock, and writes the sums behind the clocks that ask for it,
// with how many clocks ago the last clear was and how many after it a sum has changed last.
// Nothing is reset: registers are X until the first clear.

module testbench;
  parameter int ROWS = 8;
  parameter int COLUMNS = 8;
  parameter int OPERAND_BITS = 9;
  parameter int SUM_BITS = 32;
  parameter int CLOCKS = 1;
  localparam int LINE = 5 + (2 * ROWS + COLUMNS) * OPERAND_BITS;

  logic clock = 0;
  logic write, clear, hold, flow, from_bus;
  logic [ROWS*OPERAND_BITS-1:0] left, buses;
  logic [COLUMNS*OPERAND_BITS-1:0] top;
  wire [ROWS*COLUMNS*SUM_BITS-1:0] sums;
  logic [ROWS*COLUMNS*SUM_BITS-1:0] previous;
  logic [LINE-1:0] stimuli[CLOCKS];
  logic [8*1024-1:0] path;
  int file, clocks, changed;

  systolic_array #(ROWS, COLUMNS, OPERAND_BITS, SUM_BITS, 1'b1) array (
      .clock(clock),
      .clear(clear),
      .hold(hold),
      .flow(flow),
      .from_bus(from_bus),
      .left(left),
      .top(top),
      .buses(buses),
      .sums(sums)
  );

  initial begin
    if (!$value$plusargs("stimuli=%s", path)) $fatal(1, "give +stimuli=FILE");
    $readmemh(path, stimuli);
    if (!$value$plusargs("results=%s", path)) $fatal(1, "give +results=FILE");
    file = $fopen(path, "w");
    for (int i = 0; i < CLOCKS; i++) begin
      {write, clear, hold, flow, from_bus, buses, top, left} = stimuli[i];
      previous = sums;
      #1 clock = 1;
      #1 clock = 0;
      if (clear) begin
        clocks = 0;
        changed = 0;
      end else begin
        clocks = clocks + 1;
        if (sums !== previous) changed = clocks;
      end
      if (write) $fwrite(file, "%0d %0d %h\n", clocks, changed, sums);
    end
    $fclose(file);
    $finish;
  end
endmodule
