"""Intervals, agreement, calibration and resampling: plain functions of plain numbers."""
