// One processing element: two operand registers and a sum.
//
// A clock adds the product of both registers to the sum and takes new operands: a from the left, the
// weight from above or, with ROW_BUS, from the row's bus. "hold" keeps the weight; "flow" adds to the
// sum from above in place of its own. "clear" zeroes all three registers: an operand left from the
// last tile would be multiplied into the next one's first sum.

module systolic_pe #(
    parameter int OPERAND_BITS = 9,
    parameter int SUM_BITS = 32,
    parameter bit ROW_BUS = 1
) (
    input  logic                           clock,
    input  logic                           clear,
    input  logic                           hold,
    input  logic                           flow,
    input  logic                           from_bus,
    input  logic signed [OPERAND_BITS-1:0] left,
    input  logic signed [OPERAND_BITS-1:0] above,
    input  logic signed [OPERAND_BITS-1:0] bus,
    input  logic signed [SUM_BITS-1:0]     sum_above,
    output logic signed [OPERAND_BITS-1:0] a,
    output logic signed [OPERAND_BITS-1:0] weight,
    output logic signed [SUM_BITS-1:0]     sum
);
  logic signed [OPERAND_BITS-1:0] next_weight;
  logic signed [2*OPERAND_BITS-1:0] product;

  assign product = a * weight;

  generate
    if (ROW_BUS) assign next_weight = from_bus ? bus : above;
    else assign next_weight = above;
  endgenerate

  always_ff @(posedge clock) begin
    if (clear) begin
      a <= '0;
      weight <= '0;
      sum <= '0;
    end else begin
      a <= left;
      if (!hold) weight <= next_weight;
      sum <= (flow ? sum_above : sum) + SUM_BITS'(product);
    end
  end
endmodule
