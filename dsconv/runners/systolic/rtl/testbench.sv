// Plays a file of stimuli, a line a clock, and writes results behind the clocks that ask for them: the
// clock, "sums" or "done", and a number for each row.
// Nothing is reset: registers are X until the first clear.

module testbench;
  parameter int ROWS = 8;
  parameter int COLUMNS = 8;
  parameter int OPERAND_BITS = 9;
  parameter int SUM_BITS = 32;
  parameter bit ROW_BUS = 1;
  parameter bit HANDOVER = 0;
  parameter int CLOCKS = 1;
  localparam int LINE = 6 + ROWS + (2 * ROWS + COLUMNS) * OPERAND_BITS;
  localparam int ROW_BITS = COLUMNS * SUM_BITS;

  logic clock = 0;
  logic write_sums, write_done, clear, hold, flow, from_bus;
  logic [ROWS-1:0] first;
  logic [ROWS*OPERAND_BITS-1:0] left, buses;
  logic [COLUMNS*OPERAND_BITS-1:0] top;
  wire [ROWS*ROW_BITS-1:0] sums, done;
  logic [LINE-1:0] stimuli[CLOCKS];
  logic [8*1024-1:0] path;
  int file;

  systolic_array #(ROWS, COLUMNS, OPERAND_BITS, SUM_BITS, ROW_BUS, HANDOVER) array (
      .clock(clock),
      .clear(clear),
      .hold(hold),
      .flow(flow),
      .from_bus(from_bus),
      .first(first),
      .left(left),
      .top(top),
      .buses(buses),
      .sums(sums),
      .done(done)
  );

  initial begin
    if (!$value$plusargs("stimuli=%s", path)) $fatal(1, "give +stimuli=FILE");
    $readmemh(path, stimuli);
    if (!$value$plusargs("results=%s", path)) $fatal(1, "give +results=FILE");
    file = $fopen(path, "w");
    for (int i = 0; i < CLOCKS; i++) begin
      {write_sums, write_done, clear, hold, flow, from_bus, first, buses, top, left} = stimuli[i];
      #1 clock = 1;
      #1 clock = 0;
      if (write_sums) begin
        $fwrite(file, "%0d sums", i);
        for (int r = 0; r < ROWS; r++) $fwrite(file, " %h", sums[r*ROW_BITS+:ROW_BITS]);
        $fwrite(file, "\n");
      end
      if (write_done) begin
        $fwrite(file, "%0d done", i);
        for (int r = 0; r < ROWS; r++) $fwrite(file, " %h", done[r*ROW_BITS+:ROW_BITS]);
        $fwrite(file, "\n");
      end
    end
    $fclose(file);
    $finish;
  end
endmodule
