"""The words of the trade: errors, periods, states, parameters, and the table contract."""
