// ROWS x COLUMNS processing elements. Operand i of a vector lies at its i-th lowest OPERAND_BITS;
// sums come row by row.

module systolic_array #(
    parameter int ROWS = 8,
    parameter int COLUMNS = 8,
    parameter int OPERAND_BITS = 9,
    parameter int SUM_BITS = 32,
    parameter bit ROW_BUS = 1,
    parameter bit HANDOVER = 0
) (
    input  logic                             clock,
    input  logic                             clear,
    input  logic                             hold,
    input  logic                             flow,
    input  logic                             from_bus,
    input  logic [ROWS-1:0]                  first,
    input  logic [ROWS*OPERAND_BITS-1:0]     left,
    input  logic [COLUMNS*OPERAND_BITS-1:0]  top,
    input  logic [ROWS*OPERAND_BITS-1:0]     buses,
    output logic [ROWS*COLUMNS*SUM_BITS-1:0] sums,
    output logic [ROWS*COLUMNS*SUM_BITS-1:0] done
);
  // what enters row r at its column c, and column c at its row r
  wire [OPERAND_BITS-1:0] a[ROWS*(COLUMNS+1)];
  wire [OPERAND_BITS-1:0] w[(ROWS+1)*COLUMNS];
  wire [SUM_BITS-1:0] s[(ROWS+1)*COLUMNS];
  wire f[ROWS*(COLUMNS+1)];

  for (genvar r = 0; r < ROWS; r++) begin : row
    assign a[r*(COLUMNS+1)] = left[r*OPERAND_BITS+:OPERAND_BITS];
    assign f[r*(COLUMNS+1)] = first[r];
    for (genvar c = 0; c < COLUMNS; c++) begin : column
      systolic_pe #(OPERAND_BITS, SUM_BITS, ROW_BUS, HANDOVER) pe (
          .clock(clock),
          .clear(clear),
          .hold(hold),
          .flow(flow),
          .from_bus(from_bus),
          .first_left(f[r*(COLUMNS+1)+c]),
          .first_bus(first[r]),
          .left(a[r*(COLUMNS+1)+c]),
          .above(w[r*COLUMNS+c]),
          .bus(buses[r*OPERAND_BITS+:OPERAND_BITS]),
          .sum_above(s[r*COLUMNS+c]),
          .a(a[r*(COLUMNS+1)+c+1]),
          .weight(w[(r+1)*COLUMNS+c]),
          .sum(s[(r+1)*COLUMNS+c]),
          .first(f[r*(COLUMNS+1)+c+1]),
          .done(done[(r*COLUMNS+c)*SUM_BITS+:SUM_BITS])
      );
      assign sums[(r*COLUMNS+c)*SUM_BITS+:SUM_BITS] = s[(r+1)*COLUMNS+c];
    end
  end
  for (genvar c = 0; c < COLUMNS; c++) begin : edge_above
    assign w[c] = top[c*OPERAND_BITS+:OPERAND_BITS];
    assign s[c] = '0;
  end
endmodule
